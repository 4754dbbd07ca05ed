import Daemon
import Telephony
import Testing

@testable import CallAssembly

/// What is said to have decided a field is there for a reader to look at: an event of the stream, or a row of the file.
@Suite("Evidence is in what was heard") struct EvidenceTests {
    @Test("each deciding event is in the manager stream, under its name")
    func stream() {
        for capture in Capture.all {
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            let text = String(decoding: capture.stream, as: UTF8.self)
            for call in replay.run(capture.stream).calls {
                for evidence in call.evidence {
                    if evidence.event == FieldEvidence.notSeen { continue }
                    let isThere =
                        text.contains("Event: \(evidence.event)\r\n")
                        || text.contains("\nVariable: \(evidence.event)\r\n")
                    #expect(isThere, "\(capture.name): \(evidence.field) by \(evidence.event)")
                }
            }
        }
    }

    @Test("of a call that CEL tells alone, each is a row of it")
    func rows() {
        for capture in Capture.all {
            let bytes = capture.bytes("cel.csv")
            let text = String(decoding: bytes, as: UTF8.self)
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            for call in replay.run(log: bytes).calls {
                for evidence in call.evidence {
                    if evidence.event == FieldEvidence.notSeen || evidence.event == "CEL" { continue }
                    #expect(text.contains(evidence.event), "\(capture.name): \(evidence.field) by \(evidence.event)")
                }
            }
        }
    }

    @Test("of a call that CDRs tell alone, each is a CDR")
    func cdrs() {
        for capture in Capture.all {
            var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
            for call in replay.run(log: capture.bytes("cdr_Full.csv")).calls {
                #expect(call.evidence.allSatisfy { $0.event == "Cdr" }, "\(capture.name)")
            }
        }
    }
}
