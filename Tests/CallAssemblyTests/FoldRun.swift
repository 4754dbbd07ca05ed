import CallAssembly
import Telephony

/// A fold at work, with the records it has told.
struct FoldRun {
    private(set) var assembler: CallAssembler
    private(set) var records: [CallRecord] = []

    init(filesWait: Duration = .zero) {
        assembler = CallAssembler(AssemblyConfiguration(system: "pbx1", filesWait: filesWait))
    }

    mutating func apply(_ events: [CallEvent]) {
        for event in events { collect { $0.apply(event, $1) } }
    }
    mutating func advance(to time: Instant) { collect { $0.advance(to: time, $1) } }
    mutating func complete(from rows: [CDRRow]) { collect { $0.complete(from: rows, FoundCalls(), $1) } }
    mutating func finishAll() { collect { $0.finishAll($1) } }

    private mutating func collect(_ body: (inout CallAssembler, (AssemblyEffect) -> Void) -> Void) {
        var told: [CallRecord] = []
        body(&assembler) { if case .finished(let call) = $0 { told.append(call.record) } }
        records += told
    }
}
