import AsteriskWire
import Daemon
import Telephony
import Testing

@testable import CallAssembly

/// VICIdial replaces `--A--name--B--` in its URLs; a name that its script does not know stays as it is (requirements S0.5).
@Suite("Values that VICIdial has not filled in") struct UnfilledVariableTests {
    @Test("such a text is no value of a variable, nor a reference, and the record says so")
    func leftOut() throws {
        let capture = try #require(Capture.all.first { $0.name == "vars_lead" && $0.version == "22" })
        let text = String(decoding: capture.stream, as: UTF8.self)
            .replacing("=88001234", with: "=--A--lead_id--B--").replacing("=SPRING26", with: "=--a--campaign_id--b--")
        var replay = CaptureReplay(AssemblyConfiguration(system: "pbx1"))
        let record = try #require(replay.run(Array(text.utf8)).calls.first).record
        #expect(record.variables["lead_id"] == nil && record.variables["campaign_id"] == nil)
        #expect(record.variables["vendor_lead_code"] == "VL-77:x=1")
        let notes = record.notes.filter { $0.contains("VICIdial should have filled in") }
        #expect(notes.count == 2 && notes[0].hasPrefix("campaign_id") && notes[1].hasPrefix("lead_id"))
    }
}
