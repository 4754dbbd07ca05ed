import AsteriskWire
import Telephony
import Testing

@Suite struct SpoolFileTests {
    /// Written by `hookswitch-spool` under Asterisk 16.28 for the caller's channel of a real call (one line left out in the middle).
    static let real = """
        hookswitch-spool 1 1795233368
        agi_request: hookswitch-spool
        agi_channel: Local/100@in-00000002;2
        agi_language: en
        agi_type: Local
        agi_uniqueid: 1795233366.32
        agi_version: 16.28.0~dfsg-0+deb11u4
        agi_callerid: +15551230001
        agi_calleridname: O'Ne(i)l, A
        agi_callingpres: 0
        agi_dnid: unknown
        agi_rdnis: unknown
        agi_context: hookswitch-hangup
        agi_extension: report
        agi_priority: 5
        agi_enhanced: 0.0
        agi_accountcode: 
        agi_threadid: 140542134449920
        agi_arg_1: call-complete?role=caller
        agi_arg_2: linkedid=1795233366.31
        agi_arg_3: hangupcause=16
        agi_arg_4: hangupsource=
        agi_arg_5: number=%2B15551230001
        agi_arg_6: name=O'Ne(i)l%2C%20A
        agi_arg_7: dnid=
        agi_arg_8: exten=100
        agi_arg_9: context=in
        agi_arg_10: dialstatus=ANSWER
        agi_arg_11: dialedtime=2
        agi_arg_12: answeredtime=2
        agi_arg_13: peer=Local%2F200%40in-00000003%3B1
        agi_arg_14: peernumber=200%40in
        agi_arg_15: cdr.start=1795233366.846983
        agi_arg_16: cdr.answer=1795233366.850655
        agi_arg_17: cdr.end=1795233368.853105
        agi_arg_18: cdr.duration=2
        agi_arg_19: cdr.billsec=2
        agi_arg_20: cdr.disposition=ANSWERED
        agi_arg_21: recording=%2Fspool%2Fmonitor%2F1795233366.32.wav
        agi_arg_22: ref_id=CRM-4711
        agi_arg_23: var.lead_id=7
        agi_arg_24: var.campaign_id=

        end

        """

    @Test func aFileOfARealCallIsAWitness() throws {
        let file = try SpoolFile(Array(Self.real.utf8))
        #expect(file.receivedAt == Instant(seconds: 1_795_233_368))
        let witness = try #require(file.witness)
        #expect(witness.path == .spool)
        #expect(witness.occasion == .hangup)
        #expect(witness.uniqueID == UniqueID("1795233366.32"))
        #expect(witness.linkedID == LinkedID("1795233366.31"))
        #expect(witness.channel == ChannelName("Local/100@in-00000002;2"))
        #expect(witness.role == .caller)
        #expect(witness.callerNumber == "+15551230001")
        #expect(witness.callerName == "O'Ne(i)l, A")
        #expect(witness.context == "in")
        #expect(witness.exten == "100")
        #expect(witness.dialledNumber == "100")
        #expect(witness.hangupSource == nil)
        #expect(witness.peerChannel == ChannelName("Local/200@in-00000003;1"))
        #expect(witness.cdr.answer == .instant(Instant(microseconds: 1_795_233_366_850_655)))
        #expect(witness.cdr.duration == 2)
        #expect(witness.recordingPath == "/spool/monitor/1795233366.32.wav")
        #expect(witness.refID == "CRM-4711")
        #expect(witness.variables == ["lead_id": "7"])
        #expect(!witness.isDamaged)
    }

    @Test func aFileCutAnywhereIsRefused() {
        let bytes = Array(Self.real.utf8)
        for length in bytes.indices {
            #expect(throws: AGIError.self, "length \(length)") { try SpoolFile(Array(bytes[..<length])) }
        }
    }

    @Test func whatFollowsTheEndIsRefused() {
        #expect(throws: AGIError.self) { try SpoolFile(Array("\(Self.real)more\n".utf8)) }
        #expect(throws: AGIError.self) { try SpoolFile(Array(Self.real.utf8) + Array(Self.real.utf8)) }
        #expect(throws: AGIError.self) { try SpoolFile(Array(Self.real.replacing("\n\nend", with: "\n\nx\nend").utf8)) }
    }

    @Test(arguments: ["", "hookswitch-spool 2 5\n", "hookswitch-spool 1 \n\nend\n", "hookswitch-spool 1 x\na\n\nend\n"])
    func anythingElseIsRefused(text: String) {
        #expect(throws: AGIError.self) { try SpoolFile(Array(text.utf8)) }
    }

    @Test func aFileOverALimitIsRefused() {
        #expect(throws: AGIError.self) { try SpoolFile(Array(Self.real.utf8), limits: AGILimits(environmentLines: 5)) }
        #expect(throws: AGIError.self) {
            try SpoolFile(Array(Self.real.utf8), limits: AGILimits(environmentBytes: 500))
        }
    }

    @Test func aRequestOfAnotherKindIsNoWitness() throws {
        let other = try SpoolFile(Array(Self.real.replacing("call-complete?role=caller", with: "lookup?x=1").utf8))
        #expect(other.request.path == "lookup")
        #expect(other.witness == nil)
        let tag = try SpoolFile(
            Array(Self.real.replacing("call-complete?role=caller", with: "tag?ref_id=A&lead_id=9").utf8))
        #expect(tag.witness?.occasion == .tag)
        #expect(tag.witness?.refID == "A")
        #expect(tag.witness?.variables == ["lead_id": "9"])
    }

    @Test(arguments: [
        ("1795233366.846983", InsideWitness.CDRTime.instant(Instant(microseconds: 1_795_233_366_846_983))),
        ("1795233366.8", .instant(Instant(microseconds: 1_795_233_366_800_000))),
        ("1795233366", .instant(Instant(seconds: 1_795_233_366))),
        ("2026-11-21 02:25:48", .local(CivilTime(year: 2026, month: 11, day: 21, hour: 2, minute: 25, second: 48))),
    ]) func aCDRTimeIsAnEpochOrALocalTime(text: String, time: InsideWitness.CDRTime) {
        #expect(InsideWitness.CDRTime(text) == time)
    }

    @Test(arguments: ["", "0.000000", "0", "-5", "x", "1.x", "1.", "99999999999999999999"])
    func whatIsNoTimeIsNone(text: String) { #expect(InsideWitness.CDRTime(text) == nil) }
}
