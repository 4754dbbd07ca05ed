// Decodes and folds a manager stream, and says how fast that was, a JSON line a round.
//
//      fold-benchmark FILE [ROUNDS] [decode|translate|fold]     bytes in memory, fed in reads of 256 KiB
//      fold-benchmark tcp PORT                                  as a client of the yardsticks' pbx
//      fold-benchmark alive FILE                                memory of the calls in progress, at most
//
// `decode` and `translate` stop after that stage: what each adds is the difference.
import AMI
import AsteriskWire
import CallAssembly
import EventLoop
import Glibc
import Telephony

/// Seconds of processor time: what else runs on the machine does not count.
func now() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
}

/// Bytes the process has in memory, from /proc/self/statm.
func residentBytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var text = [UInt8](repeating: 0, count: 128)
    let got = fread(&text, 1, 128, file)
    let fields = String(decoding: text[..<got], as: UTF8.self).split(separator: " ")
    return (fields.count > 1 ? Int(fields[1]) ?? 0 : 0) * sysconf(Int32(_SC_PAGESIZE))
}

func contents(of path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else {
        perror(path)
        exit(1)
    }
    fseek(file, 0, SEEK_END)
    var bytes = [UInt8](repeating: 0, count: ftell(file))
    rewind(file)
    guard fread(&bytes, 1, bytes.count, file) == bytes.count else { exit(1) }
    fclose(file)
    return bytes
}

/// Everything between the bytes and the finished calls.
struct Fold {
    enum Stage: String { case decode, translate, fold }
    var stage = Stage.fold
    var translator = CallEventTranslator(variables: [])
    var assembler = CallAssembler(AssemblyConfiguration(system: "bench", variables: []))
    var events = 0
    var calls = 0

    mutating func take(_ message: borrowing AMIMessage, arrival: Instant) {
        events += 1
        if stage == .decode { return }
        var event = CallEventTranslator.blank
        guard translator.translate(message, arrival: arrival, into: &event), stage == .fold else { return }
        assembler.apply(consume event) { effect in if case .finished = effect { calls += 1 } }
    }
}

func inMemory(_ path: String, rounds: Int, _ stage: Fold.Stage) throws {
    let bytes = contents(of: path)
    for _ in 0..<rounds {
        var decoder = AMIDecoder()
        var fold = Fold(stage: stage)
        var arrival = Int64(1_795_000_000_000_000)
        let started = now()
        for at in stride(from: 0, to: bytes.count, by: 262_144) {
            arrival += 1000
            try bytes.withUnsafeBytes { all in
                try decoder.feed(UnsafeRawBufferPointer(rebasing: all[at..<min(at + 262_144, all.count)])) { message in
                    fold.take(message, arrival: Instant(microseconds: arrival))
                }
            }
        }
        let seconds = now() - started
        print(
            "{\"events\": \(fold.events), \"calls\": \(fold.calls), \"events_s\": \(Int(Double(fold.events) / seconds))}"
        )
    }
}

/// Feeds a stream a read at a time and looks at the process's size whenever more calls are open than before.
func alive(_ path: String) throws {
    guard let file = fopen(path, "r") else { exit(1) }
    var decoder = AMIDecoder()
    var fold = Fold()
    var bytes = [UInt8](repeating: 0, count: 65536)
    var idle = 0
    var most = (calls: 0, bytes: 0)
    let started = now()
    var looking = 0.0
    while case let got = fread(&bytes, 1, bytes.count, file), got > 0 {
        try bytes.withUnsafeBytes { all in
            try decoder.feed(UnsafeRawBufferPointer(rebasing: all[..<got])) { message in
                fold.take(message, arrival: Instant(microseconds: 1_795_000_000_000_000))
            }
        }
        let open = fold.assembler.openCallCount
        let since = now()
        if idle == 0 { idle = residentBytes() }
        if open >= most.calls { most = (open, residentBytes()) }
        looking += now() - since
    }
    let rate = Int(Double(fold.events) / (now() - started - looking))
    print(
        "{\"alive\": \(most.calls), \"bytes_each\": \((most.bytes - idle) / max(1, most.calls)), \"left\": \(fold.assembler.openCallCount), \"calls\": \(fold.calls), \"events_s\": \(rate)}"
    )
}

/// A client that folds what pbx streams, until the last event, and says so to pbx, which holds the clock.
final class Client: @unchecked Sendable {
    /// Unchecked, for it is the decoder and the fold that are measured: on the loop's thread only, and it calls nobody here.
    @exclusivity(unchecked) var fold = Fold()
    /// The event that says all has been sent is on its way through.
    var isOver = false
}
func overTCP(port: UInt16) throws {
    let loop = try EventLoop()
    let client = Client()
    try loop.run {
        var configuration = AMIConfiguration(host: "127.0.0.1", port: port, username: "bench", secret: "bench")
        configuration.resyncs = false
        let manager = AMIClient(configuration, on: loop)
        let end = {
            _ = Task(executorPreference: loop) {
                _ = try? await manager.send(AMIAction("Ping", [AMIAction.Header("Step", "all-handled")]))
                manager.stop()
            }
        }
        let running = Task(executorPreference: loop) {
            await manager.run(
                AMIHandler(message: { message in
                    client.fold.take(message, arrival: Instant(microseconds: 1_795_000_000_000_000))
                    guard case .event(.userEvent) = message.kind, !client.isOver else { return }
                    client.isOver = true
                    end()
                }))
        }
        guard await manager.loggedIn() else { return }
        _ = try? await manager.send(AMIAction("Ping", [AMIAction.Header("Step", "go")]))
        await running.value
    }
    print("{\"events\": \(client.fold.events), \"calls\": \(client.fold.calls)}")
}

let arguments = CommandLine.arguments
switch arguments.count > 1 ? arguments[1] : "" {
case "": print("usage: fold-benchmark FILE [ROUNDS] [decode|translate|fold] | tcp PORT | alive FILE")
case "tcp": try overTCP(port: UInt16(arguments[2]) ?? 0)
case "alive": try alive(arguments[2])
default:
    try inMemory(
        arguments[1], rounds: arguments.count > 2 ? Int(arguments[2]) ?? 5 : 5,
        arguments.count > 3 ? Fold.Stage(rawValue: arguments[3]) ?? .fold : .fold)
}
