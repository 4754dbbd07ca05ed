import AsteriskWire
import EventLoop
import FastAGI
import Synchronization
import Telephony
import Testing

/// Where a test's witnesses go.
private final class Witnesses: Sendable {
    private let all = Mutex<[InsideWitness]>([])
    func take(_ witness: InsideWitness) { all.withLock { $0.append(witness) } }
    var taken: [InsideWitness] { all.withLock { $0 } }
}

/// What a session with one of Hookswitch's own requests sends back.
private func commands(
    _ environment: String, time: EventLoop.Time = .system, isTaken: Bool = true, witnesses: Witnesses = Witnesses(),
    defaults: [AGIParameters.Pair] = [], lookup: HookswitchRoutes.Lookup.Ask? = nil
) async throws -> [String] {
    var routes = FastAGIRoutes()
    HookswitchRoutes(
        deadline: .seconds(3), now: { Instant(seconds: 1_795_227_950) },
        takeWitness: { witness in
            witnesses.take(witness)
            return isTaken
        }, lookups: lookup.map { ["": .init(defaults: defaults, ask: $0)] } ?? [:]
    ).install(in: &routes)
    return try await withServer(FastAGIConfiguration(), routes, time: time) { loop, address in
        var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
        try await asterisk.send(environment)
        return try await asterisk.run()
    }
}

@Suite struct HookswitchRoutesTests {
    @Test func callCompleteHandsOverAWitnessAndHoldsTheChannelForOneReply() async throws {
        let witnesses = Witnesses()
        let sent = try await commands(
            FakeAsterisk.environment(
                "call-complete?role=caller",
                arguments: [
                    "linkedid=1795227945.26", "dialstatus=ANSWER", "answeredtime=2", "hangupcause=16",
                    "cdr.start=1795227945.926176", "cdr.billsec=2", "cdr.disposition=ANSWERED",
                    "recording=%2Fvar%2Fspool%2Fa.wav", "ref_id=CRM-42", "var.lead_id=7",
                ]), witnesses: witnesses)
        #expect(sent == ["SET VARIABLE HOOKSWITCH_STATUS OK"])
        let witness = try #require(witnesses.taken.first)
        #expect(witnesses.taken.count == 1)
        #expect(witness.occasion == .hangup)
        #expect(witness.path == .fastAGI)
        #expect(witness.receivedAt == Instant(seconds: 1_795_227_950))
        #expect(witness.uniqueID == UniqueID("1795227945.26"))
        #expect(witness.linkedID == LinkedID("1795227945.26"))
        #expect(witness.channel == ChannelName("PJSIP/trunk-00000011"))
        #expect(witness.role == .caller)
        #expect(witness.callerNumber == "15551230001")
        #expect(witness.callerName == nil)
        #expect(witness.dialledNumber == "5014")
        #expect(witness.accountCode == "sales")
        #expect(witness.dialStatus == "ANSWER")
        #expect(witness.answeredSeconds == 2)
        #expect(witness.hangupCause == .normalClearing)
        #expect(witness.cdr.start == .instant(Instant(microseconds: 1_795_227_945_926_176)))
        #expect(witness.cdr.billsec == 2)
        #expect(witness.cdr.disposition == "ANSWERED")
        #expect(witness.recordingPath == "/var/spool/a.wav")
        #expect(witness.refID == "CRM-42")
        #expect(witness.variables == ["lead_id": "7"])
        #expect(!witness.isDamaged)
    }

    @Test func aWitnessThatIsNotTakenIsAnsweredSoThatTheDialplanSpoolsIt() async throws {
        let sent = try await commands(FakeAsterisk.environment("call-complete"), isTaken: false)
        #expect(sent == ["SET VARIABLE HOOKSWITCH_STATUS FAILED"])
        let nobody = try await commands("agi_network_script: call-complete\nagi_channel: unknown\n\n")
        #expect(nobody == ["SET VARIABLE HOOKSWITCH_STATUS FAILED"])
    }

    @Test func tagSetsInheritedVariablesAndNeverAFunction() async throws {
        let witnesses = Witnesses()
        let sent = try await commands(
            FakeAsterisk.environment("tag?ref_id=CRM-42&lead_id=7&SHELL(reboot)=1&a%0Ab=2&direction=outbound&_x=y"),
            witnesses: witnesses)
        #expect(
            sent == [
                "SET VARIABLE __HOOKSWITCH_REF CRM-42", "SET VARIABLE __HOOKSWITCH_DIRECTION outbound",
                "SET VARIABLE _x y", "SET VARIABLE __lead_id 7", "SET VARIABLE HOOKSWITCH_STATUS OK",
            ])
        let witness = try #require(witnesses.taken.first)
        #expect(witness.occasion == .tag)
        #expect(witness.refID == "CRM-42")
        #expect(witness.variables == ["lead_id": "7", "_x": "y"])
    }

    @Test func controlCharactersOfAStrangerReachNoWitness() async throws {
        let witnesses = Witnesses()
        _ = try await commands(
            FakeAsterisk.environment(
                "call-complete", callerID: "1\r\u{1}2", arguments: ["name=%0D%0AEvent: Hangup", "var.x=a%00b"]),
            witnesses: witnesses)
        let witness = try #require(witnesses.taken.first)
        #expect(witness.callerNumber == "12")
        #expect(witness.callerName == "Event: Hangup")
        #expect(witness.variables == ["x": "ab"])
    }

    @Test func lookupSetsWhatWasFoundAndNothingElse() async throws {
        let asked = Mutex<HookswitchRoutes.LookupRequest?>(nil)
        let sent = try await commands(FakeAsterisk.environment("lookup?did=5019&did=5020")) { request in
            asked.withLock { $0 = request }
            return .found([
                .init(name: "crm_name", value: "O\"Neil\nX"), .init(name: "SHELL(x)", value: "1"),
                .init(name: "long", value: String(repeating: "x", count: 3000)), .init(name: "crm_vip", value: "1"),
            ])
        }
        #expect(
            sent == [
                "SET VARIABLE crm_name \"O\\\"NeilX\"", "SET VARIABLE crm_vip 1",
                "SET VARIABLE HOOKSWITCH_LOOKUP FOUND", "SET VARIABLE HOOKSWITCH_STATUS OK",
            ])
        let request = try #require(asked.withLock { $0 })
        #expect(request.parameters.all("did") == ["5019", "5020"])
        #expect(request.callerNumber == "15551230001")
        #expect(request.budget == .milliseconds(2250))
    }

    @Test(arguments: [
        (HookswitchRoutes.LookupAnswer.notFound, "NOTFOUND", "NOTFOUND"), (.late, "TIMEOUT", "TIMEOUT"),
        (.failed, "ERROR", "FAILED"),
    ])
    func lookupSaysWhyThereIsNoAnswerAndSetsWhatIsToBeThere(
        answer: HookswitchRoutes.LookupAnswer, word: String, status: String
    ) async throws {
        let sent = try await commands(
            FakeAsterisk.environment("lookup"), defaults: [.init(name: "crm_name", value: "unknown")]
        ) { _ in answer }
        #expect(
            sent == [
                "SET VARIABLE crm_name unknown", "SET VARIABLE HOOKSWITCH_LOOKUP \(word)",
                "SET VARIABLE HOOKSWITCH_STATUS \(status)",
            ])
    }

    @Test func lookupWithoutAnybodyToAskFindsNothing() async throws {
        #expect(
            try await commands(FakeAsterisk.environment("lookup"))
                == ["SET VARIABLE HOOKSWITCH_LOOKUP NOTFOUND", "SET VARIABLE HOOKSWITCH_STATUS NOTFOUND"])
    }

    @Test func severalLookupsHaveAPathEach() async throws {
        var routes = FastAGIRoutes()
        let lookups = ["", "billing"].map { name in
            (name, HookswitchRoutes.Lookup { _ in .found([.init(name: "from", value: "crm\(name)")]) })
        }
        HookswitchRoutes(
            deadline: .seconds(3), now: { Instant(seconds: 0) }, takeWitness: { _ in true },
            lookups: Dictionary(uniqueKeysWithValues: lookups)
        ).install(in: &routes)
        try await withServer(FastAGIConfiguration(), routes) { loop, address in
            for (request, first) in [
                ("lookup", "SET VARIABLE from crm"), ("lookup/billing?number=1", "SET VARIABLE from crmbilling"),
            ] {
                var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
                try await asterisk.send(FakeAsterisk.environment(request))
                #expect(try await asterisk.run().first == first)
            }
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("lookup/biling"))
            #expect(try await asterisk.run().last == "SET VARIABLE HOOKSWITCH_STATUS UNKNOWN")
        }
    }

    @Test func aLookupThatHangsCostsTheChannelItsBudgetAndNoMore() async throws {
        let never = AsyncStream<Void>.makeStream()
        let asked = AsyncStream<Void>.makeStream()
        var routes = FastAGIRoutes()
        let hanging = HookswitchRoutes.Lookup { _ in
            asked.continuation.yield()
            // Ignores its cancellation, as a blocking library would.
            await withCheckedContinuation { continuation in
                never.continuation.onTermination = { _ in continuation.resume() }
            }
            return .notFound
        }
        HookswitchRoutes(
            deadline: .seconds(3), now: { Instant(seconds: 0) }, takeWitness: { _ in true }, lookups: ["": hanging]
        ).install(in: &routes)
        try await withServer(FastAGIConfiguration(), routes, time: .manual) { loop, address in
            var asterisk = try await FakeAsterisk.connect(to: address, on: loop)
            try await asterisk.send(FakeAsterisk.environment("lookup"))
            var began = asked.stream.makeAsyncIterator()
            await began.next()
            loop.advance(by: .milliseconds(2250))
            #expect(
                try await asterisk.run() == [
                    "SET VARIABLE HOOKSWITCH_LOOKUP TIMEOUT", "SET VARIABLE HOOKSWITCH_STATUS TIMEOUT",
                ])
        }
        never.continuation.finish()
    }

    @Test func oneLookupTooManyIsAnsweredBusyAtOnce() async throws {
        let never = AsyncStream<Void>.makeStream()
        let asked = AsyncStream<Void>.makeStream()
        var routes = FastAGIRoutes()
        let hanging = HookswitchRoutes.Lookup { _ in
            asked.continuation.yield()
            for await _ in never.stream {}
            return .notFound
        }
        HookswitchRoutes(
            deadline: .seconds(3), now: { Instant(seconds: 0) }, takeWitness: { _ in true }, lookups: ["": hanging]
        ).install(in: &routes)
        try await withServer(FastAGIConfiguration(), routes, time: .manual) { loop, address in
            var began = asked.stream.makeAsyncIterator()
            var waiting: [FakeAsterisk] = []
            for _ in 0..<HookswitchRoutes.maximumLookups {
                let asterisk = try await FakeAsterisk.connect(to: address, on: loop)
                try await asterisk.send(FakeAsterisk.environment("lookup"))
                await began.next()
                waiting.append(asterisk)
            }
            var another = try await FakeAsterisk.connect(to: address, on: loop)
            try await another.send(FakeAsterisk.environment("lookup"))
            #expect(
                try await another.run() == [
                    "SET VARIABLE HOOKSWITCH_LOOKUP ERROR", "SET VARIABLE HOOKSWITCH_STATUS BUSY",
                ])
            // Their time is over, they stop, and there is room again. (A cancelled stream has ended for the next one, too.)
            loop.advance(by: .milliseconds(2250))
            for var asterisk in waiting {
                #expect(
                    try await asterisk.run() == [
                        "SET VARIABLE HOOKSWITCH_LOOKUP TIMEOUT", "SET VARIABLE HOOKSWITCH_STATUS TIMEOUT",
                    ])
            }
            var later = try await FakeAsterisk.connect(to: address, on: loop)
            try await later.send(FakeAsterisk.environment("lookup"))
            #expect(
                try await later.run() == [
                    "SET VARIABLE HOOKSWITCH_LOOKUP NOTFOUND", "SET VARIABLE HOOKSWITCH_STATUS NOTFOUND",
                ])
        }
        never.continuation.finish()
    }
}
