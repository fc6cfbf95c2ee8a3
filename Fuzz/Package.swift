// swift-tools-version: 6.2
import PackageDescription

// The modules that read what others wrote, built once more with libFuzzer's and the address sanitizer's
// instrumentation. A package of its own, so that neither it nor what they do not need is in anyone's way.
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
    targets: [
        .systemLibrary(name: "CPcap", pkgConfig: "libpcap", providers: [.apt(["libpcap-dev"])]),
        .systemLibrary(name: "CNetlink", pkgConfig: "libnl-genl-3.0", providers: [.apt(["libnl-genl-3-dev"])]),
        .target(name: "CPrefetch"),
        .target(name: "IPVSModel", swiftSettings: strict),
        .target(name: "PacketDecoding", dependencies: ["IPVSModel"], swiftSettings: strict),
        .target(
            name: "PacketCapture", dependencies: ["CPcap", "CPrefetch", "IPVSModel", "PacketDecoding"],
            swiftSettings: strict),
        .target(name: "IPVSKernel", dependencies: ["CNetlink", "CPrefetch", "IPVSModel"], swiftSettings: strict),
        .target(
            name: "ConnectionTracing", dependencies: ["CPrefetch", "IPVSModel", "PacketDecoding"],
            swiftSettings: strict),
        .executableTarget(
            name: "fuzz",
            dependencies: ["ConnectionTracing", "IPVSKernel", "IPVSModel", "PacketCapture", "PacketDecoding"],
            path: "Fuzzers", swiftSettings: strict),
    ]
)
