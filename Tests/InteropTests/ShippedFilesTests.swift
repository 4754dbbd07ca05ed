import AsteriskWire
import EventLoop
import FastAGI
import HookswitchLab
import Synchronization
import Telephony
import TestGround
import Testing

/// Real Asterisk with the files of `asterisk-conf/` and `agi-bin/`, byte for byte as they are shipped.
@Suite("The shipped files on real Asterisk", .serialized) struct ShippedFilesTests {
    /// The dialplan of a site that uses all of Hookswitch's subroutines.
    private static func dialplan(fastAGIPort: UInt16) -> String {
        """
        [globals]
        HOOKSWITCH_AGI=agi://127.0.0.1:\(fastAGIPort)
        #include "extensions_hookswitch.conf"
        [site]
        exten => 100,1,Gosub(hookswitch,attach,1)
         same => n,Gosub(hookswitch,attach,1)
         same => n,Gosub(hookswitch,tag,1(CRM-4711,lead_id=7&campaign_id=${URIENCODE(a b&c)}))
         same => n,Gosub(hookswitch,lookup,1(${EXTEN}))
         same => n,Set(CDR(userfield)=${crm_name}/${HOOKSWITCH_LOOKUP})
         same => n,Answer()
         same => n,Gosub(hookswitch,record,1)
         same => n,Dial(Local/200@site,5,b(hookswitch^callee^1))
        exten => 200,1,Answer()
         same => n,Wait(1.2)
        exten => 300,1,AGI(agi://127.0.0.1:\(fastAGIPort)/nonsense?x=1)
         same => n,Set(CDR(userfield)=${HOOKSWITCH_STATUS})
         same => n,Answer()
         same => n,Wait(0.2)

        """
    }

    /// The repository's own folder.
    private static var repository: String {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/")
    }

    private static func shipped(_ name: String) throws -> [UInt8] {
        try #require(readBytes("\(repository)/\(name)"), "\(name) is missing")
    }

    /// An instance that has booted with the shipped files, and what to do with it.
    private static func withAsterisk(
        _ tree: LabTree, _ name: String, fastAGIPort: UInt16, body: (AsteriskInstance) async throws -> Void
    ) async throws {
        let asterisk = try AsteriskInstance(
            tree: tree, name: name, phonePorts: [:], fastAGIPort: fastAGIPort,
            shippedFolder: "\(repository)/asterisk-conf")
        let real = tree.root + asterisk.folder
        makeFolder("\(real)/etc/manager.d")
        makeFolder("\(real)/agi-bin")
        makeFolder("\(real)/hookswitch-spool")
        writeFile("\(real)/etc/manager.d/hookswitch.conf", try shipped("asterisk-conf/manager.d/hookswitch.conf"))
        writeFile("\(real)/etc/extensions_hookswitch.conf", try shipped("asterisk-conf/extensions_hookswitch.conf"))
        // The spool's place comes from Asterisk's environment at a real site; instances here share one, so a wrapper says it.
        writeFile("\(real)/agi-bin/shipped", try shipped("agi-bin/hookswitch-spool"))
        writeFile(
            "\(real)/agi-bin/hookswitch-spool",
            "#!/bin/sh\nHOOKSWITCH_SPOOL=\(asterisk.folder)/hookswitch-spool exec sh \(asterisk.folder)/agi-bin/shipped\n"
        )
        chmodExecutable("\(real)/agi-bin/hookswitch-spool")
        chmodExecutable("\(real)/agi-bin/shipped")
        try asterisk.start()
        defer {
            asterisk.stop()
            asterisk.remove()
        }
        // The instance's own dialplan and CDR mapping give way to those under test.
        writeFile("\(real)/etc/extensions.conf", dialplan(fastAGIPort: fastAGIPort))
        writeFile("\(real)/etc/cdr_manager.conf", try shipped("asterisk-conf/cdr_manager.conf"))
        writeFile("\(real)/etc/cel.conf", try shipped("asterisk-conf/cel.conf"))
        try asterisk.command("dialplan reload")
        try asterisk.command("module reload cdr_manager.so")
        try asterisk.command("module reload cel")
        try await body(asterisk)
    }

    @Test(arguments: LabTree.allCases)
    func aCallIsReportedFromInsideTaggedLookedUpAndRecorded(tree: LabTree) async throws {
        let inbox = Inbox()
        try await Self.withServer(inbox) { loop, port in
            try await Self.withAsterisk(tree, "shipped-call-\(tree.major)", fastAGIPort: port) { asterisk in
                let manager = try await PlainManager(
                    port: asterisk.managerPort, username: "lab", secret: "lab", on: loop)
                try await manager.send(
                    """
                    Action: Originate\r\nChannel: Local/100@site/n\r\nApplication: Wait\r\nData: 5\r\nAsync: true\r
                    CallerID: "O'Ne(i)l, A" <+15551230001>
                    """)
                let tag = try await inbox.next()
                let ends = [try await inbox.next(), try await inbox.next()]
                let caller = try #require(ends.first { $0.role == .caller })
                let callee = try #require(ends.first { $0.role == .callee })

                #expect(tag.occasion == .tag)
                #expect(tag.refID == "CRM-4711")
                #expect(tag.variables == ["lead_id": "7", "campaign_id": "a b&c"])
                #expect(tag.linkedID == caller.linkedID)
                #expect(tag.uniqueID == caller.uniqueID)

                #expect(caller.callerNumber == "+15551230001")
                #expect(caller.callerName == "O'Ne(i)l, A")
                #expect(caller.exten == "100")
                #expect(caller.context == "site")
                #expect(caller.dialledNumber == "100")
                #expect(caller.dialStatus == "ANSWER")
                #expect(caller.hangupCause == .normalClearing)
                #expect(caller.refID == "CRM-4711")
                #expect(caller.variables == ["lead_id": "7", "campaign_id": "a b&c"])
                #expect(caller.peerChannel == callee.channel)
                #expect(caller.cdr.userField == "Alice \"A\" +15551230001 100/FOUND")
                let recording = try #require(caller.recordingPath)
                #expect(recording.hasPrefix("\(asterisk.folder)/spool/monitor/20"))
                #expect(recording.hasSuffix("/\(caller.uniqueID).wav"))
                #expect(readBytes(tree.root + recording) != nil)
                #expect(callee.linkedID == caller.linkedID)
                #expect(!caller.isDamaged)

                // Asterisk's own CDR of that channel is the second opinion.
                let row = try await Self.cdrRow(asterisk, uniqueID: caller.uniqueID.description, loop)
                #expect(row["linkedid"] == caller.linkedID?.description)
                #expect(row["channel"] == caller.channel.description)
                #expect(row["dstchannel"] == caller.cdr.destinationChannel?.description)
                #expect(row["billsec"] == caller.cdr.billsec.map(String.init))
                #expect(row["duration"] == caller.cdr.duration.map(String.init))
                #expect(row["disposition"] == caller.cdr.disposition)
                #expect(row["disposition"] == "ANSWERED")
                guard case .instant(let answer)? = caller.cdr.answer, case .instant(let end)? = caller.cdr.end else {
                    Issue.record("CDR times with option u are epochs")
                    return
                }
                #expect(end - answer > .milliseconds(1000) && end - answer < .milliseconds(2500))
                manager.close()
            }
        }
    }

    @Test(arguments: LabTree.allCases)
    func withoutADaemonTheCallGoesOnAndItsReportIsSpooled(tree: LabTree) async throws {
        // A port that was free a moment ago and on which nobody listens.
        try await EventLoop.withThread { loop in
            let closed = try Listener.listen(on: try #require(SocketAddress(ip: "127.0.0.1", port: 0)), loop: loop)
            let port = closed.localAddress.port
            closed.close()
            try await Self.withAsterisk(tree, "shipped-spool-\(tree.major)", fastAGIPort: port) { asterisk in
                let manager = try await PlainManager(
                    port: asterisk.managerPort, username: "lab", secret: "lab", on: loop)
                try await manager.send(
                    "Action: Originate\r\nChannel: Local/100@site/n\r\nApplication: Wait\r\nData: 5\r\nAsync: true")
                let folder = "\(tree.root)\(asterisk.folder)/hookswitch-spool"
                var names: [String] = []
                try await Self.wait(loop, for: "two spool files") {
                    names = listFolder(folder).filter { $0.hasSuffix(".agi") }
                    return names.count == 2
                }
                let witnesses = try names.compactMap { name in
                    try SpoolFile(try #require(readBytes("\(folder)/\(name)"))).witness
                }
                let caller = try #require(witnesses.first { $0.role == .caller })
                #expect(caller.path == .spool)
                #expect(caller.dialStatus == "ANSWER")
                #expect(caller.refID == "CRM-4711")
                #expect(caller.cdr.userField == "/ERROR")
                let row = try await Self.cdrRow(asterisk, uniqueID: caller.uniqueID.description, loop)
                #expect(row["billsec"] == caller.cdr.billsec.map(String.init))
                #expect(row["disposition"] == "ANSWERED")
                #expect(witnesses.contains { $0.role == .callee && $0.linkedID == caller.linkedID })
                manager.close()
            }
        }
    }

    @Test(arguments: LabTree.allCases)
    func theManagerUserSeesCallsAndCannotMakeThem(tree: LabTree) async throws {
        let inbox = Inbox()
        try await Self.withServer(inbox) { loop, port in
            try await Self.withAsterisk(tree, "shipped-manager-\(tree.major)", fastAGIPort: port) { asterisk in
                let user = try await PlainManager(
                    port: asterisk.managerPort, username: "hookswitch", secret: "CHANGE-ME", on: loop)
                let lab = try await PlainManager(port: asterisk.managerPort, username: "lab", secret: "lab", on: loop)

                for action in ["Ping", "CoreShowChannels", "BridgeList", "Status", "CoreStatus"] {
                    let answer = try await user.perform("Action: \(action)", id: "may-\(action)")
                    #expect(answer.hasPrefix("Response: Success"), "\(action): \(answer)")
                }
                for action in [
                    "Originate\r\nChannel: Local/200@site\r\nApplication: Wait", "Hangup\r\nChannel: x",
                    "Command\r\nCommand: x",
                    "Redirect\r\nChannel: x\r\nExten: 1\r\nContext: site\r\nPriority: 1",
                    "Setvar\r\nVariable: x\r\nValue: 1",
                    "UpdateConfig", "Reload",
                ] {
                    let answer = try await user.perform("Action: \(action)", id: "mustnot-\(action.prefix(4))")
                    #expect(answer.contains("Permission denied"), "\(action): \(answer)")
                }

                // A stranger whose name is that of an event which the filter drops must not be able to hide his call.
                try await lab.send(
                    """
                    Action: Originate\r\nChannel: Local/300@site/n\r\nApplication: Wait\r\nData: 5\r\nAsync: true\r
                    CallerID: "Event: DeviceStateChange" <Event: CEL>
                    """)
                let isLast: (String) -> Bool = {
                    $0.hasPrefix("Event: Hangup") && $0.contains("\r\nChannel: Local/300@site-")
                        && $0.contains(";2\r\n")
                }
                let end = try await user.message(where: isLast)
                _ = try await lab.message(where: isLast)
                #expect(end.contains("\r\nTimestamp: "))
                #expect(end.contains("\r\nChanVariable: HOOKSWITCH_REF="))
                // Two rows, one for each half of the Local channel, in either order: the half that ran the dialplan.
                let cdr = try await user.message {
                    $0.hasPrefix("Event: Cdr") && $0.contains("\r\nChannel: Local/300@site-") && $0.contains(";2\r\n")
                        && $0.contains("Destination: 300")
                }
                #expect(cdr.contains("\r\nLinkedID: "))
                #expect(cdr.contains("\r\nSequence: "))
                #expect(cdr.contains("\r\nUserField: UNKNOWN"))

                func names(_ manager: PlainManager) -> [String: Int] {
                    let events = manager.messages.compactMap { $0.split(separator: "\r\n").first }
                    return Dictionary(events.filter { $0.hasPrefix("Event: ") }.map { (String($0.dropFirst(7)), 1) }) {
                        $0 + $1
                    }
                }
                let (seen, all) = (names(user), names(lab))
                #expect(all["DeviceStateChange"] != nil)
                for dropped in ["DeviceStateChange", "VarSet", "Newexten", "CEL", "AGIExecStart", "TestEvent"] {
                    #expect(seen[dropped] == nil, "\(dropped)")
                }
                for told in ["Newchannel", "Newstate", "LocalBridge"] {
                    #expect(seen[told] == all[told], "\(told)")
                }
                user.close()
                lab.close()
            }
        }
    }

    // MARK: The server beside Asterisk

    /// Witnesses as they come.
    private final class Inbox: Sendable {
        private let stream = AsyncStream<InsideWitness>.makeStream()
        func put(_ witness: InsideWitness) { stream.continuation.yield(witness) }
        /// - Throws: `NoAnswer` after half a minute.
        func next() async throws -> InsideWitness {
            let items = stream.stream
            return try await withThrowingTaskGroup(of: InsideWitness?.self) { group in
                group.addTask { await items.first { _ in true } }
                group.addTask {
                    try await Task.sleep(for: .seconds(30))
                    return nil
                }
                defer { group.cancelAll() }
                guard let witness = try await group.next() ?? nil else { throw NoAnswer(waitedFor: "a witness") }
                return witness
            }
        }
    }

    private static func withServer(
        _ inbox: Inbox, _ body: @escaping @Sendable (EventLoop, UInt16) async throws -> Void
    ) async throws {
        try await EventLoop.withThread { loop in
            var routes = FastAGIRoutes()
            HookswitchRoutes(
                deadline: .seconds(3), now: { Instant(seconds: 0) },
                takeWitness: { witness in
                    inbox.put(witness)
                    return true
                },
                lookups: [
                    "": .init { request in
                        let number = request.parameters["number"] ?? "?"
                        let dialled = request.parameters["dialled"] ?? "?"
                        return .found([.init(name: "crm_name", value: "Alice \"A\" \(number) \(dialled)")])
                    }
                ]
            ).install(in: &routes)
            let listener = try Listener.listen(on: try #require(SocketAddress(ip: "127.0.0.1", port: 0)), loop: loop)
            let server = FastAGIServer(routes: routes)
            async let done: Void = server.run(on: listener)
            do {
                try await body(loop, listener.localAddress.port)
            } catch {
                listener.close()
                throw error
            }
            listener.close()
            await done
        }
    }

    /// Asterisk's CDR of a channel, once it is written.
    private static func cdrRow(
        _ asterisk: AsteriskInstance, uniqueID: String, _ loop: EventLoop
    ) async throws -> [String: String] {
        var row: [String: String]?
        try await wait(loop, for: "the CDR of \(uniqueID)") {
            row = asterisk.cdrRows.first { $0["uniqueid"] == uniqueID }
            return row != nil
        }
        return row ?? [:]
    }

    /// Looks again every 50 ms, for half a minute: files have no signal.
    private static func wait(
        _ loop: EventLoop, for what: String, _ isThere: () -> Bool
    ) async throws {
        for _ in 0..<600 {
            if isThere() { return }
            try await loop.sleep(for: .milliseconds(50))
        }
        throw NoAnswer(waitedFor: what)
    }
}
