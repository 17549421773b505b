// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets for parsers of files other people wrote, a package of its own so that the product needs no sanitizer.
// Build and run one: swift run -c release --package-path Fuzz FuzzEvents -max_total_time=60
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
]
let fuzzing: [SwiftSetting] = settings + [.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer,address"])]
let linking: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
// The sources under test are instrumented too, without libFuzzer's main function.
let watched: [SwiftSetting] =
  settings + [
    .unsafeFlags(["-sanitize=address", "-sanitize-coverage=edge,inline-8bit-counters,pc-table"])
  ]

let package = Package(
  name: "fuzz",
  targets: [
    .target(name: "CKernels", path: "Sources/CKernels"),
    .target(name: "Records", dependencies: ["CKernels"], path: "Sources/Records", swiftSettings: watched),
    .target(name: "Tensors", dependencies: ["CKernels"], path: "Sources/Tensors", swiftSettings: watched),
    .target(
      name: "Events", dependencies: ["Records", "Tensors", "CKernels"], path: "Sources/Events", swiftSettings: watched),
    .target(name: "Driver", path: "Targets/Driver", swiftSettings: settings),
    .executableTarget(
      name: "FuzzRecords", dependencies: ["Driver", "Records"], path: "Targets/FuzzRecords", swiftSettings: fuzzing,
      linkerSettings: linking),
    .executableTarget(
      name: "FuzzEvents", dependencies: ["Driver", "Events", "Records"], path: "Targets/FuzzEvents",
      swiftSettings: fuzzing,
      linkerSettings: linking),
  ],
  swiftLanguageModes: [.v6]
)
