enum Crash {
    static func run(folder: String, seed: UInt64) async throws {}
}
