// swift-tools-version: 6.2
import PackageDescription

// Fuzz targets for parsers of files other people wrote, a package of its own so that the product needs no sanitizer.
// `make fuzz` runs all of them. One by hand, from a corpus that make_corpus.py made:
//   swift run -c release --package-path Fuzz FuzzEvents Fuzz/.build/corpus/FuzzEvents -max_total_time=60
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
]
let fuzzing: [SwiftSetting] = settings + [.unsafeFlags(["-parse-as-library", "-sanitize=fuzzer,address"])]
let linking: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer,address", "-use-ld=lld"])]
// The sources under test are instrumented too, without libFuzzer's main function, and testable.
let watched: [SwiftSetting] =
  settings + [
    .unsafeFlags(["-enable-testing", "-sanitize=address", "-sanitize-coverage=edge,inline-8bit-counters,pc-table"])
  ]

func fuzzer(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .executableTarget(
    name: name, dependencies: ["Driver"] + dependencies, path: "Targets/\(name)", swiftSettings: fuzzing,
    linkerSettings: linking)
}

let package = Package(
  name: "fuzz",
  targets: [
    .target(name: "CKernels", path: "Sources/CKernels"),
    .systemLibrary(name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(name: "Records", dependencies: ["CKernels", "CZlib"], path: "Sources/Records", swiftSettings: watched),
    .target(name: "Tensors", dependencies: ["CKernels"], path: "Sources/Tensors", swiftSettings: watched),
    .target(
      name: "Events", dependencies: ["Records", "Tensors", "CKernels"], path: "Sources/Events", swiftSettings: watched),
    .target(
      name: "Points", dependencies: ["CKernels", "Events", "Records", "Tensors"], path: "Sources/Points",
      swiftSettings: watched),
    .target(name: "Driver", path: "Targets/Driver", swiftSettings: settings),
    fuzzer("FuzzRecords", ["Records"]),
    fuzzer("FuzzCompressed", ["Records"]),
    fuzzer("FuzzEvents", ["Events", "Records"]),
    fuzzer("FuzzValues", ["Events"]),
    fuzzer("FuzzBlocks", ["Points", "Events", "Records"]),
  ],
  swiftLanguageModes: [.v6]
)
