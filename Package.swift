// swift-tools-version: 6.2
import PackageDescription

let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableExperimentalFeature("Lifetimes"),
]

// Targets stand in the order of the stack: a module imports only modules above it.
let package = Package(
  name: "trainscope",
  products: [
    .executable(name: "trainscope", targets: ["trainscope"]),
    .library(
      name: "Trainscope",
      targets: ["Records", "Tensors", "Events", "Checkpoints", "Graphs", "Engine", "Catalog", "Training"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
  ],
  targets: [
    // Loops that need C, and C libraries.
    .target(name: "CKernels"),
    .target(name: "COpenBLAS", dependencies: ["CKernels"]),
    .systemLibrary(name: "CSnappy", pkgConfig: "snappy", providers: [.apt(["libsnappy-dev"])]),
    .systemLibrary(name: "CEdit", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .target(name: "CImages", dependencies: ["CPNG", "CJPEG"]),

    // Files.
    .target(name: "Records", dependencies: ["CKernels", "CZlib"], swiftSettings: settings),
    .target(
      name: "Protos",
      dependencies: [protobuf],
      exclude: ["proto", "generate.sh"]),
    .target(name: "Tensors", dependencies: ["CKernels"], swiftSettings: settings),
    .target(name: "Events", dependencies: ["Records", "Tensors", "CKernels"], swiftSettings: settings),
    .target(
      name: "Checkpoints", dependencies: ["Records", "Protos", "Tensors", "CSnappy", protobuf], swiftSettings: settings),
    .target(name: "Graphs", dependencies: ["Protos", protobuf], swiftSettings: settings),

    // The training engine.
    .target(
      name: "Engine", dependencies: ["Protos", "Tensors", "CKernels", "COpenBLAS", "CImages", protobuf],
      swiftSettings: settings),

    // The catalogue, and what is built on all of the above.
    .target(
      name: "Catalog",
      dependencies: [
        "CKernels", "Records", "Protos", "Tensors", "Events", "Checkpoints",
        .product(name: "GRDB", package: "GRDB.swift"), .product(name: "GRDBSQLite", package: "GRDB.swift"), protobuf,
      ],
      swiftSettings: settings),
    .target(
      name: "Training",
      dependencies: ["Records", "Protos", "Tensors", "Events", "Checkpoints", "Engine", "CEdit", protobuf],
      resources: [.copy("Data")],
      swiftSettings: settings),
    .target(
      name: "WebPages", path: "web", exclude: ["test", "package.json", "deno.json"], sources: ["WebPages.swift"],
      resources: [.copy("index.html"), .copy("css"), .copy("js")], swiftSettings: settings),
    .target(
      name: "Server",
      dependencies: [
        "WebPages", "Catalog", "Checkpoints", "Graphs", "Events", "Tensors",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: settings),
    .target(name: "Terminal", swiftSettings: settings),
    .executableTarget(
      name: "trainscope-examples",
      dependencies: [
        "Training", "Checkpoints", "Engine", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Examples/Programs",
      swiftSettings: settings),
    .executableTarget(
      name: "trainscope",
      dependencies: [
        "Server", "Terminal", "Training", "Catalog", "Engine", "Graphs", "Checkpoints", "Events", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    .executableTarget(
      name: "trainscope-bench",
      dependencies: [
        "Training", "Catalog", "Engine", "Events", "Records", "Tensors",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),

    // Tests mirror the sources.
    .testTarget(
      name: "RecordsTests", dependencies: ["Records", "CKernels"], resources: [.copy("Fixtures")],
      swiftSettings: settings),
    .testTarget(
      name: "TensorsTests", dependencies: ["Tensors", "CKernels"], resources: [.copy("Fixtures")],
      swiftSettings: settings),
    .testTarget(
      name: "EventsTests", dependencies: ["Events", "Records", "Tensors", "CKernels"], resources: [.copy("Fixtures")],
      swiftSettings: settings),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "Records", "Tensors"], resources: [.copy("Fixtures")],
      swiftSettings: settings),
    .testTarget(
      name: "GraphsTests", dependencies: ["Graphs", "Protos", protobuf], resources: [.copy("Fixtures")],
      swiftSettings: settings),
    .testTarget(
      name: "EngineTests",
      dependencies: ["Engine", "Protos", "Tensors", "CKernels", "COpenBLAS", "Checkpoints", protobuf],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(
      name: "CatalogTests",
      dependencies: [
        "Catalog", "CKernels", "Events", "Records", "Tensors", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(name: "TerminalTests", dependencies: ["Terminal"], swiftSettings: settings),
    .testTarget(name: "ExamplesTests", dependencies: ["trainscope-examples"], swiftSettings: settings),
    .testTarget(
      name: "TrainingTests",
      dependencies: [
        "Training", "Records", "Protos", "Tensors", "Events", "Checkpoints", "Engine", protobuf,
      ],
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "Server", "Catalog", "Checkpoints", "Events", "Graphs", "Protos", "Tensors", "WebPages",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOEmbedded", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
      ],
      resources: [.copy("Fixtures")], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
