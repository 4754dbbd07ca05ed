import CallAssembly
import Telephony

/// A fold at work, with the records it has told.
struct FoldRun {
    private(set) var assembler: CallAssembler
    private(set) var records: [CallRecord] = []

    init(filesWait: Duration = .zero, readsCEL: Bool = false, strayCDRWait: Duration = .zero) {
        assembler = CallAssembler(
            AssemblyConfiguration(
                system: "pbx1", filesWait: filesWait, readsCEL: readsCEL, strayCDRWait: strayCDRWait))
    }

    mutating func apply(_ events: [CallEvent]) {
        for event in events { collect { $0.apply(event, $1) } }
    }
    mutating func advance(to time: Instant) { collect { $0.advance(to: time, $1) } }
    mutating func complete(from rows: [CDRRow]) { collect { $0.complete(from: rows, FoundCalls(), $1) } }
    /// The same with a CEL file that holds these rows; `meanwhile` is heard while it is read.
    mutating func complete(from rows: [CDRRow], reading file: [CELRow], meanwhile: [CallEvent]? = nil) {
        var reader = CallAssembler(AssemblyConfiguration(system: "pbx1"))
        reader.sought = assembler.channelsInDoubt
        let sought = reader.sought
        for row in file { reader.apply(CallEvent(at: row.at, body: .cel(row)), { _ in }) }
        reader.finishAll { _ in }
        let found = reader.found
        if let meanwhile { apply(meanwhile) }
        collect { $0.complete(from: rows, found, seeking: sought, $1) }
    }
    mutating func finishAll() { collect { $0.finishAll($1) } }

    private mutating func collect(_ body: (inout CallAssembler, (AssemblyEffect) -> Void) -> Void) {
        var told: [CallRecord] = []
        body(&assembler) { if case .finished(let call) = $0 { told.append(call.record) } }
        records += told
    }
}
