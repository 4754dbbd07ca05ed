// Decodes and folds a manager stream from a file, as fast as it goes, and says how fast that was.
//
//      fold-benchmark FILE [ROUNDS]
//
// The bytes are in memory before the clock starts and are fed in reads of 256 KiB, as the C yardstick reads its socket.
import AsteriskWire
import CallAssembly
import Glibc
import Telephony

guard CommandLine.arguments.count > 1, let file = fopen(CommandLine.arguments[1], "r") else {
    print("usage: fold-benchmark FILE [ROUNDS]")
    exit(2)
}
let rounds = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 5 : 5
fseek(file, 0, SEEK_END)
var bytes = [UInt8](repeating: 0, count: ftell(file))
rewind(file)
guard fread(&bytes, 1, bytes.count, file) == bytes.count else { exit(1) }

func now() -> Double {
    var t = timespec()
    clock_gettime(CLOCK_MONOTONIC, &t)
    return Double(t.tv_sec) + Double(t.tv_nsec) / 1e9
}

for _ in 0..<rounds {
    var decoder = AMIDecoder()
    var translator = CallEventTranslator(variables: [])
    var assembler = CallAssembler(AssemblyConfiguration(system: "bench", variables: []))
    var calls = 0
    var folded = 0
    let started = now()
    var arrival = Int64(1_763_690_000_000_000)
    var at = 0
    while at < bytes.count {
        let to = min(at + 262_144, bytes.count)
        arrival += 1000
        try bytes.withUnsafeBytes { all in
            try decoder.feed(UnsafeRawBufferPointer(rebasing: all[at..<to])) { message in
                guard let event = translator.event(message, arrival: Instant(microseconds: arrival)) else { return }
                folded += 1
                assembler.apply(event) { effect in if case .finished = effect { calls += 1 } }
            }
        }
        at = to
    }
    assembler.finishAll { effect in if case .finished = effect { calls += 1 } }
    let seconds = now() - started
    let rate = Int(Double(decoder.messageCount) / seconds)
    print(
        "{\"events\":\(decoder.messageCount),\"folded\":\(folded),\"calls\":\(calls),\"seconds\":\(seconds),\"events_s\":\(rate),\"calls_s\":\(Int(Double(calls) / seconds))}"
    )
}
