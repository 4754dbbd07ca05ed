import Glibc
public import TestGround

/// Runs a property over seeded inputs for some time: nothing traps, nothing hangs, and what the property says holds.
///
/// `HOOKSWITCH_FUZZ_SECONDS` is for how long each fuzzer runs (default 1; 300 with `make fuzz`). A failure names its seed,
/// and `HOOKSWITCH_FUZZ_SEED` runs that one input alone. A trap cannot be reported by the process it ends, so the seed of the
/// input under way stands in `hookswitch-fuzz-NAME.seed` in the folder for temporary files, which is removed when the fuzzer
/// is done.
public struct Fuzz: Sendable {
    /// What was run, or where it failed.
    public enum Outcome: Sendable, CustomStringConvertible {
        /// Nothing was found in so many inputs.
        case clean(rounds: Int)
        /// The seed runs this input alone; the text says what was found, with the input.
        case failed(seed: UInt64, String)

        /// What a test asks for.
        public var isClean: Bool { if case .clean = self { true } else { false } }
        public var description: String {
            switch self {
            case .clean(let rounds): "clean after \(rounds) rounds"
            case .failed(let seed, let why): "HOOKSWITCH_FUZZ_SEED=\(seed): \(why)"
            }
        }
    }
    /// Why an input is a finding.
    public struct Finding: Error, CustomStringConvertible {
        /// What a reader of the failure needs.
        public let description: String
        public init(_ description: String) { self.description = description }
    }

    /// One input takes milliseconds of a processor, also under a sanitizer; a parser that takes the square of a length does not.
    private static let patience: Duration = .seconds(20)
    private static let asked = getenv("HOOKSWITCH_FUZZ_SECONDS").flatMap { Double(String(cString: $0)) }
    private static let seconds = asked ?? 1
    private static let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    private static let onlySeed = getenv("HOOKSWITCH_FUZZ_SEED").flatMap { UInt64(String(cString: $0)) }

    private let name: String

    /// - Parameter name: what is fuzzed, as a part of a file name.
    public init(_ name: String) { self.name = name }

    /// Runs `property` with generator after generator until the time is up.
    public func run(_ property: (inout SeededGenerator) throws -> Void) -> Outcome {
        let path = "\(Fuzz.folder)/hookswitch-fuzz-\(name).seed"
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        defer {
            close(file)
            unlink(path)
        }
        // Runs that were asked for look elsewhere than those among the other tests, which are the same each time.
        var seed = Fuzz.onlySeed ?? (Fuzz.asked != nil ? UInt64.random(in: 1 << 20...1 << 40) : 1)
        let end = ContinuousClock.now + .seconds(Fuzz.seconds)
        var rounds = 0
        while true {
            let note = Array("\(seed)\n            ".utf8)
            pwrite(file, note, note.count, 0)
            var random = SeededGenerator(seed: seed)
            let began = Fuzz.used
            do { try property(&random) } catch { return .failed(seed: seed, "\(error)") }
            let used = Fuzz.used - began
            if used > Fuzz.patience { return .failed(seed: seed, "took \(used) of a processor") }
            rounds += 1
            if Fuzz.onlySeed != nil || ContinuousClock.now > end {
                if Fuzz.asked != nil { print("fuzz \(name): \(rounds) rounds") }
                return .clean(rounds: rounds)
            }
            seed += 1
        }
    }

    /// Runs `property` with damaged samples until the time is up.
    public func run(_ mutator: Mutator, _ property: ([UInt8], inout SeededGenerator) throws -> Void) -> Outcome {
        run { random in
            let input = mutator.input(&random)
            do { try property(input, &random) } catch {
                throw Finding("\(error); input: \(Fuzz.shown(input))")
            }
        }
    }

    /// What the thread has used of a processor: how long an input waits on a busy machine says nothing of it.
    private static var used: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    /// An input as text, with what does not print written out.
    private static func shown(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.prefix(2000), as: UTF8.self).debugDescription
    }
}

/// Fails the round with a reason where a condition does not hold.
public func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(Fuzz.Finding) {
    if !condition { throw Fuzz.Finding(reason()) }
}
