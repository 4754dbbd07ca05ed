import Telephony

/// The call that `test-webhook` tells: from outside, taken by an agent, recorded. Nobody's numbers.
enum SampleCall {
    /// - Parameter now: when it ended.
    static func record(system: String, now: Instant) -> CallRecord {
        let started = Instant(seconds: now.seconds) - .seconds(95)
        let id = UniqueID("\(started.seconds).0")
        var record = CallRecord(
            id: CallRecord.id(system: system, linkedID: LinkedID(id)) + "-test", system: system, uniqueID: id,
            linkedID: LinkedID(id), direction: .inbound, disposition: .answered,
            caller: .init(number: "+15550100", name: "Test Caller"), callee: .init(number: "5550199"),
            startedAt: started, endedAt: now, hangupCause: HangupCause(rawValue: 16))
        let trunk = ChannelName("PJSIP/test-trunk-00000000")
        let phone = ChannelName("PJSIP/1001-00000001")
        let agent = CallRecord.Party(number: "1001", name: "Test Agent", channel: phone)
        record.answeredBy = agent
        record.agents = [agent]
        record.agent = agent
        record.answeredAt = started + .seconds(5)
        record.talk = now - started - .seconds(5)
        record.ring = .seconds(4)
        record.hungUpBy = .caller
        record.sources = [.ami]
        // What templates and presets most often ask for.
        record.variables = ["lead_id": "4711", "campaign_id": "TEST", "dispo": "SALE"]
        record.refID = "test-reference"
        var recording = CallRecord.Recording(
            path: "/var/spool/asterisk/monitor/test.wav", channel: trunk, startedAt: started + .seconds(5),
            endedAt: now,
            state: .ready)
        recording.length = now - started - .seconds(5)
        record.recordings = [recording]
        record.notes = ["a sample made by hookswitch test-webhook: there was no such call"]
        var caller = CallRecord.Leg(uniqueID: id, channel: trunk, role: .caller, startedAt: started)
        caller.number = "+15550100"
        caller.name = "Test Caller"
        caller.answeredAt = record.answeredAt
        caller.endedAt = now
        caller.cause = HangupCause(rawValue: 16)
        caller.bridged = [.init(from: started + .seconds(5), to: now, with: [phone])]
        var callee = CallRecord.Leg(
            uniqueID: UniqueID("\(started.seconds).1"), channel: phone, role: .agent, startedAt: started + .seconds(1))
        callee.number = "1001"
        callee.name = "Test Agent"
        callee.ringingAt = started + .seconds(1)
        callee.answeredAt = record.answeredAt
        callee.endedAt = now
        callee.cause = HangupCause(rawValue: 16)
        callee.dialStatus = .answer
        callee.bridged = [.init(from: started + .seconds(5), to: now, with: [trunk])]
        record.legs = [caller, callee]
        return record
    }
}
