// swift-tools-version: 6.2
import PackageDescription

/// Every Swift target: Swift 6 mode, warnings are errors, only what is named is imported publicly.
let base: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]
/// Targets that never touch a C library: every unsafe construct must say `unsafe`.
let pure: [SwiftSetting] = base + [.strictMemorySafety()]

let package = Package(
    name: "hookswitch",
    products: [
        .executable(name: "hookswitch", targets: ["hookswitch"]),
        .library(name: "AMI", targets: ["AMI", "EventLoop", "AsteriskWire", "Telephony"]),
        .library(name: "FastAGI", targets: ["FastAGI", "EventLoop", "AsteriskWire", "Telephony"]),
    ],
    targets: [
        // Debian's C libraries, headers and inline wrappers only.
        .systemLibrary(name: "CUV", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CINI", pkgConfig: "inih", providers: [.apt(["libinih-dev"])]),

        // The ground floor.
        .target(name: "Diagnostics", swiftSettings: pure),
        .target(name: "Telephony", swiftSettings: pure, linkerSettings: [.linkedLibrary("m")]),
        .target(name: "AsteriskWire", dependencies: ["Telephony"], swiftSettings: pure),
        .target(name: "CallAssembly", dependencies: ["Telephony"], swiftSettings: pure),

        // Input and output.
        .target(name: "EventLoop", dependencies: ["CUV", "CCrypto", "Diagnostics"], swiftSettings: base),
        .target(
            name: "AMI", dependencies: ["EventLoop", "AsteriskWire", "Telephony", "Diagnostics"], swiftSettings: pure),
        .target(
            name: "FastAGI", dependencies: ["EventLoop", "AsteriskWire", "Telephony", "Diagnostics"],
            swiftSettings: pure),
        .target(name: "Storage", dependencies: ["CSQLite", "Telephony", "Diagnostics"], swiftSettings: base),
        .target(
            name: "Delivery",
            dependencies: ["CCurl", "CCrypto", "EventLoop", "Storage", "Telephony", "Diagnostics"],
            swiftSettings: base),

        // The program.
        .target(
            name: "Daemon",
            dependencies: [
                "CINI", "AMI", "FastAGI", "CallAssembly", "AsteriskWire", "Storage", "Delivery", "EventLoop",
                "Telephony", "Diagnostics",
            ],
            swiftSettings: base),
        .target(
            name: "CommandLineTool",
            dependencies: [
                "Daemon", "AMI", "CallAssembly", "AsteriskWire", "Storage", "Delivery", "EventLoop", "Telephony",
                "Diagnostics",
            ],
            swiftSettings: base),
        .executableTarget(
            name: "fold-benchmark",
            dependencies: ["AMI", "EventLoop", "AsteriskWire", "CallAssembly", "Telephony"],
            path: "Benchmarks/FoldBenchmark", swiftSettings: base,
            // As the program it measures.
            linkerSettings: [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]),
        .executableTarget(
            name: "hookswitch", dependencies: ["CommandLineTool"], swiftSettings: pure,
            // The Swift runtime inside the program: nothing to install beside it, a third of the memory, a faster start.
            linkerSettings: [.unsafeFlags(["-static-stdlib"], .when(configuration: .release))]),

        // The examples of the README, word for word, built as a user's package would be.
        .executableTarget(
            name: "example-hangups", dependencies: ["AMI", "EventLoop"], path: "Examples/Hangups",
            swiftSettings: [.swiftLanguageMode(.v6)]),
        .executableTarget(
            name: "example-hello", dependencies: ["FastAGI", "EventLoop"], path: "Examples/Hello",
            swiftSettings: [.swiftLanguageMode(.v6)]),

        // Tests. The lab (real Asterisk, SIP phones) stands on no part of the product but Telephony's JSON.
        .target(name: "TestGround", path: "Tests/TestGround", swiftSettings: base),
        .target(
            name: "HookswitchLab", dependencies: ["TestGround", "Telephony"], path: "Tests/HookswitchLab",
            swiftSettings: base),
        .executableTarget(
            name: "hookswitch-demo", dependencies: ["HookswitchLab", "TestGround", "Telephony"], path: "Tests/Demo",
            exclude: ["demo", "receiver.py"], swiftSettings: base),
        .executableTarget(
            name: "hookswitch-lab", dependencies: ["HookswitchLab", "Telephony"], path: "Tests/LabTool",
            swiftSettings: base),
        .target(
            name: "HookswitchTestKit",
            dependencies: [
                "TestGround", "EventLoop", "AsteriskWire", "Storage", "Delivery", "AMI", "FastAGI", "Telephony",
                "Diagnostics",
            ],
            path: "Tests/HookswitchTestKit", exclude: ["Captures"], swiftSettings: base),
        .testTarget(
            name: "InteropTests",
            dependencies: [
                "HookswitchLab", "HookswitchTestKit", "TestGround", "AMI", "FastAGI", "EventLoop", "AsteriskWire",
                "Telephony",
                "Daemon",
            ],
            path: "Tests/InteropTests",
            swiftSettings: base),
        .executableTarget(
            name: "fastagi-bench", dependencies: ["EventLoop", "FastAGI"], path: "Benchmarks/FastAGIServer",
            swiftSettings: base),

        .executableTarget(
            name: "delivery-drill", dependencies: ["Delivery", "Storage", "EventLoop", "Telephony", "CFaultSockets"],
            path: "Tests/DeliveryDrill", swiftSettings: base),
        // The whole daemon, with connects that fail on request.
        .executableTarget(
            name: "daemon-drill", dependencies: ["CommandLineTool", "CFaultSockets"],
            path: "Tests/DaemonDrill", swiftSettings: base),
        .target(name: "CFaultSockets", path: "Tests/CFaultSockets"),
        .executableTarget(
            name: "delivery-bench", dependencies: ["Delivery", "Storage", "EventLoop", "Telephony"],
            path: "Benchmarks/DeliveryBench", swiftSettings: base),

        // Tests, one target each.
        // Storage: a child process to be killed and measured, a SQLite VFS that fails on request.
        .executableTarget(
            name: "StorageTool", dependencies: ["Storage", "Telephony"], path: "Tests/StorageTool", swiftSettings: base
        ),
        .target(name: "CFaultVFS", dependencies: ["CSQLite"], path: "Tests/CFaultVFS"),
        .testTarget(
            name: "StorageTests",
            dependencies: [
                "Storage", "StorageTool", "CFaultVFS", "CSQLite", "Telephony", "HookswitchTestKit", "TestGround",
            ],
            resources: [.copy("Fixtures/schema-1.sql")], swiftSettings: base),
        .testTarget(
            name: "FastAGITests",
            dependencies: ["FastAGI", "EventLoop", "AsteriskWire", "Telephony", "Diagnostics", "TestGround"],
            swiftSettings: base),
        .testTarget(name: "DiagnosticsTests", dependencies: ["Diagnostics"], swiftSettings: base),
        .testTarget(
            name: "DeliveryTests",
            dependencies: [
                "Delivery", "Storage", "EventLoop", "Telephony", "HookswitchTestKit", "TestGround", "delivery-drill",
            ],
            resources: [.copy("Examples"), .copy("Verifiers")], swiftSettings: base),
        .testTarget(
            name: "CallAssemblyTests",
            dependencies: ["CallAssembly", "AsteriskWire", "Daemon", "Telephony", "HookswitchTestKit", "TestGround"],
            swiftSettings: base),
        .testTarget(
            name: "TelephonyTests", dependencies: ["Telephony", "HookswitchTestKit"], swiftSettings: base),
        .testTarget(
            name: "AsteriskWireTests", dependencies: ["AsteriskWire", "Telephony", "HookswitchTestKit", "TestGround"],
            swiftSettings: base),
        .testTarget(
            name: "CommandLineToolTests",
            dependencies: [
                "CommandLineTool", "Daemon", "CallAssembly", "AsteriskWire", "EventLoop", "Storage", "Telephony",
                "HookswitchTestKit", "TestGround",
            ], exclude: ["Snapshots"],
            swiftSettings: base),
        .testTarget(
            name: "DaemonTests",
            dependencies: [
                "Daemon", "AMI", "CallAssembly", "AsteriskWire", "Delivery", "Storage", "EventLoop", "Diagnostics",
                "Telephony", "HookswitchTestKit", "TestGround", "hookswitch", "daemon-drill",
            ],
            swiftSettings: base),
        .testTarget(
            name: "EventLoopTests", dependencies: ["EventLoop", "HookswitchTestKit", "TestGround"], swiftSettings: base),
        .testTarget(
            name: "AMITests", dependencies: ["AMI", "AsteriskWire", "EventLoop", "HookswitchTestKit", "TestGround"],
            swiftSettings: base),
    ]
)
