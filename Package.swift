// swift-tools-version: 6.2
import PackageDescription

// One set of settings for every target: the compiler holds the house rules.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "ipvscope",
    products: [
        .executable(name: "ipvscope", targets: ["ipvscope"]),
        .library(name: "IPVSModel", targets: ["IPVSModel"]),
        .library(name: "PacketDecoding", targets: ["PacketDecoding"]),
        .library(name: "SchedulerModels", targets: ["SchedulerModels"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    ],
    targets: [
        // C libraries: one importer each.
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(name: "CNetlink", pkgConfig: "libnl-genl-3.0", providers: [.apt(["libnl-genl-3-dev"])]),
        .target(name: "CPrefetch"),

        // Values and edges.
        .target(name: "IPVSModel", swiftSettings: strict),
        .target(name: "PacketDecoding", dependencies: ["IPVSModel"], swiftSettings: strict),
        .target(
            name: "PacketCapture", dependencies: ["CPcap", "CPrefetch", "IPVSModel", "PacketDecoding"],
            swiftSettings: strict),
        .target(name: "IPVSKernel", dependencies: ["CNetlink", "CPrefetch", "IPVSModel"], swiftSettings: strict),

        // Pure: from packets to connections to a verdict.
        .target(
            name: "ConnectionTracing", dependencies: ["CPrefetch", "IPVSModel", "PacketDecoding"],
            swiftSettings: strict),
        .target(name: "SchedulerModels", dependencies: ["IPVSModel"], swiftSettings: strict),
        .target(
            name: "Balance",
            dependencies: [
                "IPVSModel", "SchedulerModels", .product(name: "HeapModule", package: "swift-collections"),
            ], swiftSettings: strict),
        .target(name: "MetricCatalog", swiftSettings: strict),
        .target(name: "Charts", swiftSettings: strict),

        // What is left behind, and what is served.
        .target(
            name: "TraceStore",
            dependencies: [
                "Balance", "ConnectionTracing", "IPVSModel", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            swiftSettings: strict),
        .target(
            name: "Collector",
            dependencies: [
                "Balance", "ConnectionTracing", "IPVSKernel", "IPVSModel", "MetricCatalog", "PacketCapture",
                "PacketDecoding", "TraceStore",
            ],
            swiftSettings: strict),
        .target(
            name: "PrometheusExporter", dependencies: ["MetricCatalog"], path: "exporters/Prometheus",
            exclude: ["README.md", "prometheus.yml"], swiftSettings: strict),
        .target(
            name: "WebInterface",
            dependencies: [
                "Collector", "IPVSModel", "MetricCatalog", "PrometheusExporter",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // The program.
        .target(
            name: "Commands",
            dependencies: [
                "Balance", "Charts", "Collector", "ConnectionTracing", "IPVSKernel", "IPVSModel", "MetricCatalog",
                "PacketCapture", "PrometheusExporter", "TraceStore", "WebInterface",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .executableTarget(
            name: "ipvscope",
            dependencies: ["Commands", .product(name: "ArgumentParser", package: "swift-argument-parser")],
            swiftSettings: strict),

        // Benchmarks that need the program's insides; not a product.
        .executableTarget(
            name: "capture-benchmark",
            dependencies: [
                "Collector", "IPVSKernel", "IPVSModel", "PacketCapture", "PacketDecoding", "TraceStore",
            ],
            path: "Benchmarks/live/capture-benchmark", swiftSettings: strict),
        .executableTarget(
            name: "judge-benchmark", dependencies: ["Balance", "Collector", "IPVSKernel"],
            path: "Benchmarks/judge/judge-benchmark", swiftSettings: strict),
        .executableTarget(
            name: "table-benchmark", dependencies: ["IPVSKernel", "IPVSModel"], path: "Benchmarks/table",
            exclude: ["generate.c", "parse.c", "run"], swiftSettings: strict),
        .executableTarget(
            name: "store-load",
            dependencies: [
                "Collector", "ConnectionTracing", "IPVSKernel", "IPVSModel", "TraceStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/store/store-load", swiftSettings: strict),

        // The campaign for the scheduler models, in the lab and from recorded logs; not a product.
        .target(
            name: "AssignmentLog", dependencies: ["IPVSModel", "SchedulerModels"], path: "lab/campaign/log",
            swiftSettings: strict),
        .executableTarget(
            name: "assignment-judge", dependencies: ["AssignmentLog"], path: "lab/campaign/judge", swiftSettings: strict
        ),

        // Tests.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
        .testTarget(
            name: "PacketDecodingTests", dependencies: ["IPVSModel", "PacketCapture", "PacketDecoding", "TestSupport"],
            exclude: ["Captures"], swiftSettings: strict),
        .testTarget(
            name: "PacketCaptureTests",
            dependencies: ["CPcap", "IPVSModel", "PacketCapture", "PacketDecoding", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "ConnectionTracingTests",
            dependencies: ["ConnectionTracing", "IPVSModel", "PacketDecoding", "TestSupport"],
            swiftSettings: strict),
        .testTarget(
            name: "CollectorTests",
            dependencies: [
                "Balance", "CPcap", "Collector", "ConnectionTracing", "IPVSKernel", "IPVSModel", "PacketCapture",
                "PacketDecoding", "TestSupport", "TraceStore",
            ],
            exclude: ["Recordings"], swiftSettings: strict),
        .testTarget(
            name: "IPVSKernelTests", dependencies: ["IPVSKernel", "IPVSModel", "TestSupport"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(name: "IPVSModelTests", dependencies: ["IPVSModel"], swiftSettings: strict),
        .testTarget(
            name: "SchedulerModelsTests",
            dependencies: ["AssignmentLog", "IPVSModel", "SchedulerModels", "TestSupport"], exclude: ["Recordings"],
            swiftSettings: strict),
        .testTarget(
            name: "BalanceTests", dependencies: ["Balance", "IPVSModel", "TestSupport"], exclude: ["Fixtures"],
            swiftSettings: strict),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "Balance", "Charts", "Commands", "ConnectionTracing", "IPVSKernel", "IPVSModel", "TraceStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["ABOutput", "Golden"], swiftSettings: strict),
        .testTarget(name: "ChartsTests", dependencies: ["Charts"], swiftSettings: strict),
        .testTarget(
            name: "TraceStoreTests", dependencies: ["Balance", "ConnectionTracing", "IPVSModel", "TraceStore"],
            exclude: ["Fixtures", "Schemas"], swiftSettings: strict),
        .testTarget(name: "MetricCatalogTests", dependencies: ["MetricCatalog"], swiftSettings: strict),
        .testTarget(
            name: "PrometheusExporterTests",
            dependencies: [
                "Balance", "Collector", "ConnectionTracing", "IPVSModel", "MetricCatalog", "PrometheusExporter",
                "TraceStore",
            ],
            exclude: ["golden.prom"], swiftSettings: strict),
        .testTarget(
            name: "DashboardTests",
            dependencies: [
                "MetricCatalog", .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "WebInterfaceTests",
            dependencies: [
                "Collector", "ConnectionTracing", "IPVSModel", "WebInterface",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
    ]
)
