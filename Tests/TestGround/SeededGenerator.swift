/// Repeatable random numbers (SplitMix64): the same seed gives the same numbers on every machine, so that a failure's seed
/// finds it again.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    public init(seed: UInt64) { state = seed }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    /// A number from 0 up to `bound`, which is not reached.
    public mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
    /// True once in `times`.
    public mutating func once(in times: Int) -> Bool { below(times) == 0 }
    /// Any byte.
    public mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: next()) }
    /// One of a list that is not empty.
    public mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }
}
