import Glibc

/// A small SIP phone on loopback: one UDP socket, any number of calls, audio from a tone.
///
/// It speaks what the scenarios need and what Asterisk asks of it: INVITE, CANCEL, ACK, BYE, re-INVITE for hold, REFER
/// with and without Replaces, NOTIFY, UPDATE, OPTIONS, any refusal, 302. Each verb is safe from any thread; those named
/// `await…` block until the phone has seen the thing. Requests are repeated as RFC 3261 17.1 says, so load loses none.
public final class SIPPhone: @unchecked Sendable {
    /// What the phone does by itself with an incoming call.
    public enum Manner: Sendable {
        /// Rings until the scenario says otherwise.
        case rings
        /// Says nothing at all, as a phone that was unplugged.
        case silent
        /// Rings for so many seconds first.
        case answers(after: Double)
        /// At once: 486 busy, 603 decline, 404 unknown, …
        case refuses(status: Int)
        /// 302 to another number on the PBX.
        case forwards(to: String)
    }

    /// The phone's user part: `1001`, or a customer's number.
    public let name: String
    /// The UDP port it listens on.
    public var port: UInt16 { socket.port }

    private let socket = try! UDPSocket()
    private let monitor = Monitor()
    // Invariant: everything below is touched only inside `monitor`.
    private var server: UInt16
    private var lines: [SIPLine] = []
    private var sightings: [Sighting] = []
    private var pending: [Pending] = []
    private var timers: [(due: Double, line: SIPLine)] = []
    /// Calls to leave because their transfer is done.
    private var leaveSoon: [(due: Double, line: SIPLine)] = []
    private var isStopped = false
    private var branches = 0
    /// What it does with the next incoming calls.
    private var manner = Manner.rings
    /// Off for load: hundreds of tones would measure the lab.
    private let sendsAudio: Bool

    /// A message that is sent again until it is answered.
    private struct Pending {
        let key: String
        let bytes: [UInt8]
        var due: Double
        var interval: Double
        let giveUp: Double
    }

    /// Makes a phone; it listens at once.
    /// - Parameter server: Asterisk's SIP port on loopback.
    public init(name: String, server: UInt16, sendsAudio: Bool = true) {
        (self.name, self.server, self.sendsAudio) = (name, server, sendsAudio)
        startThread("phone-\(name)") { [self] in listen() }
    }

    /// Ends the phone's thread and its audio; calls are dropped without a word.
    public func stop() {
        monitor.locked {
            isStopped = true
            for line in lines { MediaPump.shared.remove(line.media) }
        }
    }

    /// Tells the phone where Asterisk listens (it is known only once the phones have their ports).
    public func setServer(_ port: UInt16) { monitor.locked { server = port } }

    /// Sets what happens with calls that come from now on.
    public func setManner(_ manner: Manner) { monitor.locked { self.manner = manner } }

    /// Ends with what it holds: lines are numbered from 1 again, and calls ring until somebody says otherwise.
    func forget() {
        monitor.locked {
            for line in lines { MediaPump.shared.remove(line.media) }
            (lines, timers, leaveSoon, manner) = ([], [], [], .rings)
        }
    }

    /// All it saw and did so far.
    public var seen: [Sighting] { monitor.locked { sightings } }

    // MARK: Calling

    /// Calls a number. `from` is what stands in the From header's user part; `display` is written as given, so that a
    /// scenario can send anything.
    public func dial(_ number: String, from: String? = nil, display: [UInt8]? = nil) throws(LabError) {
        let media = try MediaStream()
        monitor.locked {
            let user = from ?? name
            let tag = randomWord()
            var invite = SIPMessage(start: "INVITE sip:\(number)@127.0.0.1:\(server) SIP/2.0")
            let callID = "\(name)-\(randomWord())@lab"
            let localURI = "<sip:\(user)@127.0.0.1>"
            let remoteURI = "<sip:\(number)@127.0.0.1:\(server)>"
            invite.add("Via", via())
            invite.add("Max-Forwards", "70")
            var origin = Array("\(localURI);tag=\(tag)".utf8)
            if let display { origin = display + Array(" ".utf8) + origin }
            invite.headers.append(("From", origin))
            invite.add("To", remoteURI)
            invite.add("Call-ID", callID)
            invite.add("CSeq", "1 INVITE")
            invite.add("Contact", "<sip:\(name)@127.0.0.1:\(port)>")
            invite.add("Allow", "INVITE, ACK, CANCEL, BYE, REFER, NOTIFY, OPTIONS, UPDATE")
            invite.add("Supported", "replaces")
            invite.add("Content-Type", "application/sdp")
            invite.body = SessionDescription.text(port: media.socket.port, version: 1, direction: "sendrecv")
            let line = SIPLine(
                number: lines.count + 1, callID: callID, isOutgoing: true, media: media, localURI: localURI,
                remoteURI: remoteURI, localTag: tag, remoteTag: nil,
                remoteTarget: "sip:\(number)@127.0.0.1:\(server)", invite: invite)
            line.localSequence = 1
            lines.append(line)
            note(line, .inviteSent(to: number))
            sendUntilAnswered(invite.bytes, key: "\(callID) 1 INVITE")
        }
    }

    /// Waits until the callee's phone is said to ring.
    public func awaitRinging(seconds: Double = 10) throws(LabError) {
        try expect("hears ringing", seconds: seconds) { $0.isOutgoing && ($0.isRinging || $0.state == .up) }
    }

    /// Waits until the call it made, or took, is up.
    public func awaitUp(seconds: Double = 15) throws(LabError) {
        try expect("is connected", seconds: seconds) { $0.state == .up && $0.isConfirmed }
    }

    /// Waits until the call has ended from the other side.
    public func awaitEnd(line: Int? = nil, seconds: Double = 15) throws(LabError) {
        try expect("is hung up on", line: line, seconds: seconds) { $0.state == .ended }
    }

    /// Waits until exactly that many of its calls are up.
    func awaitLines(up count: Int, seconds: Double = 60) throws(LabError) {
        let found: Bool? = monitor.wait(seconds: seconds) { lines.count { $0.state == .up } == count ? true : nil }
        guard found != nil else {
            let up = monitor.locked { lines.count { $0.state == .up } }
            throw LabError("phone \(name) has \(up) calls up, not \(count)")
        }
    }

    /// Waits until each of that many calls is up or over, and tells which lines are up.
    func awaitLinesSettled(_ count: Int, seconds: Double = 90) throws(LabError) -> [Int] {
        let settled: Bool? = monitor.wait(seconds: seconds) {
            lines.count { $0.state == .up || $0.state == .ended } >= count ? true : nil
        }
        let up = monitor.locked { lines.enumerated().filter { $0.element.state == .up }.map { $0.offset + 1 } }
        guard settled != nil else { throw LabError("phone \(name) has only \(up.count) calls up, the others hang") }
        return up
    }

    /// Waits until a call comes in that nobody has answered.
    public func awaitIncoming(seconds: Double = 15) throws(LabError) {
        try expect("is called", seconds: seconds) { !$0.isOutgoing && $0.state == .early }
    }

    /// Waits until the transfer it asked for was told to have come to `status` or further.
    public func awaitReferStatus(_ status: Int, line: Int? = nil, seconds: Double = 15) throws(LabError) {
        try expect("is told \(status) about its transfer", line: line, seconds: seconds) {
            ($0.referStatus ?? 0) >= status
        }
    }

    // MARK: Answering

    /// Answers the call that rings.
    public func answer() throws(LabError) {
        try awaitIncoming()
        monitor.locked { if let line = lines.last(where: { !$0.isOutgoing && $0.state == .early }) { accept(line) } }
        try expect("is acknowledged", seconds: 10) { $0.state != .early && $0.isConfirmed }
    }

    /// Sends early media for the call that rings: a tone or an announcement before any answer.
    public func progress() throws(LabError) {
        try awaitIncoming()
        monitor.locked {
            guard let line = lines.last(where: { !$0.isOutgoing && $0.state == .early }) else { return }
            let body = SessionDescription.text(port: line.media.socket.port, version: 1, direction: "sendrecv")
            _ = respond(
                183, to: line.invite, tag: line.localTag, body: body, contact: "<sip:\(name)@127.0.0.1:\(port)>")
        }
    }

    /// Refuses the call that rings; 302 needs a number to go to.
    public func refuse(_ status: Int, forwardTo: String? = nil) throws(LabError) {
        try awaitIncoming()
        monitor.locked {
            if let line = lines.last(where: { !$0.isOutgoing && $0.state == .early }) {
                refuse(line, status, forwardTo: forwardTo)
            }
        }
    }

    // MARK: In a call

    /// Ends a call: BYE, or CANCEL while it rings elsewhere, or a refusal while it rings here.
    public func hangUp(line number: Int? = nil) throws(LabError) {
        try monitor.locked { () throws(LabError) in
            guard let line = pick(number) else { throw LabError("\(name) has no call to end") }
            guard line.state != .ended else { return }
            if line.state == .up {
                bye(line)
            } else if line.isOutgoing {
                note(line, .cancelSent)
                line.isCancelled = true
                // An Asterisk that has not heard of the call so far need not hear of it now.
                pending.removeAll { $0.key == "\(line.callID) 1 INVITE" }
                var cancel = SIPMessage(start: "CANCEL" + line.invite.start.dropFirst(6))
                for header in line.invite.headers where ["Via", "From", "To", "Call-ID"].contains(header.name) {
                    cancel.headers.append(header)
                }
                cancel.add("Max-Forwards", "70")
                cancel.add("CSeq", "1 CANCEL")
                sendUntilAnswered(cancel.bytes, key: "\(line.callID) 1 CANCEL")
            } else {
                refuse(line, 603, forwardTo: nil)
            }
        }
    }

    /// Puts the other side on hold, or takes it back.
    public func hold(_ isHeld: Bool, line number: Int? = nil) throws(LabError) {
        let callID = try monitor.locked { () throws(LabError) -> String in
            guard let line = pick(number), line.state == .up else { throw LabError("\(name) has no call to hold") }
            line.direction = isHeld ? "sendonly" : "sendrecv"
            line.descriptionVersion += 1
            MediaPump.shared.change { line.media.isMuted = isHeld }
            note(line, isHeld ? .holdSent : .resumeSent)
            var invite = request("INVITE", in: line)
            invite.add("Contact", "<sip:\(name)@127.0.0.1:\(port)>")
            invite.add("Content-Type", "application/sdp")
            invite.body = SessionDescription.text(
                port: line.media.socket.port, version: line.descriptionVersion, direction: line.direction)
            send(invite)
            return "\(line.callID) \(line.localSequence) INVITE"
        }
        guard monitor.wait(seconds: 5, until: { pending.contains { $0.key == callID } ? nil : true }) != nil else {
            throw LabError("\(name): the hold was not answered")
        }
    }

    /// Presses keys and waits until they are sent.
    public func press(_ keys: String, line number: Int? = nil) throws(LabError) {
        let media = try monitor.locked { () throws(LabError) -> MediaStream in
            guard let line = pick(number) else { throw LabError("\(name) has no call to press keys in") }
            note(line, .digits(keys))
            return line.media
        }
        MediaPump.shared.change { media.press(keys) }
        // 280 ms a key; a call that ends meanwhile takes its audio along, and the rest is not pressed.
        let deadline = monotonicSeconds() + 1 + 0.4 * Double(keys.count)
        var isPressing = true
        while isPressing, monotonicSeconds() < deadline {
            pause(0.02)
            MediaPump.shared.change { isPressing = media.isPressing }
        }
    }

    /// Transfers the other side blindly to a number on the PBX.
    public func transfer(to number: String, line: Int? = nil) throws(LabError) {
        try refer("<sip:\(number)@127.0.0.1:\(server)>", called: number, line: line)
    }

    /// Connects the other side of `line` with the other side of `consultation` (RFC 3891), and leaves.
    public func transfer(line: Int, into consultation: Int) throws(LabError) {
        let target = try monitor.locked { () throws(LabError) -> String in
            guard let other = pick(consultation), let tag = other.remoteTag else {
                throw LabError("\(name) has no consultation to join")
            }
            let uri = SIPMessage.uri(of: other.remoteURI)
            let callID = other.callID.split(separator: "@").joined(separator: "%40")
            return "<\(uri)?Replaces=\(callID)%3Bto-tag%3D\(tag)%3Bfrom-tag%3D\(other.localTag)>"
        }
        try refer(target, called: "line \(consultation)", line: line)
    }

    private func refer(_ target: String, called: String, line number: Int?) throws(LabError) {
        try monitor.locked { () throws(LabError) in
            guard let line = pick(number), line.state == .up else { throw LabError("\(name) has no call to transfer") }
            note(line, .referSent(to: called))
            var refer = request("REFER", in: line)
            refer.add("Contact", "<sip:\(name)@127.0.0.1:\(port)>")
            refer.add("Refer-To", target)
            refer.add("Referred-By", "<sip:\(name)@127.0.0.1>")
            send(refer)
        }
    }

    // MARK: State

    /// The line asked for, or the newest that has not ended, or the newest.
    private func pick(_ number: Int?) -> SIPLine? {
        if let number { return number <= lines.count ? lines[number - 1] : nil }
        return lines.last { $0.state != .ended } ?? lines.last
    }

    private func expect(
        _ what: String, line number: Int? = nil, seconds: Double, until isTrue: (SIPLine) -> Bool
    ) throws(LabError) {
        let found: Bool? = monitor.wait(seconds: seconds) {
            if let number { return number <= lines.count && isTrue(lines[number - 1]) ? true : nil }
            return lines.last.map(isTrue) == true ? true : nil
        }
        guard found != nil else {
            let last = monitor.locked { sightings.suffix(3).map(\.description).joined(separator: ", ") }
            throw LabError("phone \(name) \(what)", "not within \(Int(seconds)) s; it last saw: \(last)")
        }
    }

    private func note(_ line: SIPLine, _ kind: Sighting.Kind) {
        sightings.append(Sighting(time: epochSeconds(), phone: name, line: line.number, kind: kind))
    }

    // MARK: Sending

    private func via() -> String {
        branches += 1
        return "SIP/2.0/UDP 127.0.0.1:\(port);branch=z9hG4bK\(randomWord())\(branches);rport"
    }

    private func request(_ method: String, in line: SIPLine) -> SIPMessage {
        line.localSequence += 1
        var message = SIPMessage(start: "\(method) \(line.remoteTarget) SIP/2.0")
        message.add("Via", via())
        message.add("Max-Forwards", "70")
        message.add("From", line.local)
        message.add("To", line.remote)
        message.add("Call-ID", line.callID)
        message.add("CSeq", "\(line.localSequence) \(method)")
        return message
    }

    private func send(_ request: SIPMessage) {
        let sequence = request.sequence!
        sendUntilAnswered(request.bytes, key: "\(request["Call-ID"]!) \(sequence.number) \(sequence.method)")
    }

    private func sendUntilAnswered(_ bytes: [UInt8], key: String) {
        let now = monotonicSeconds()
        pending.append(Pending(key: key, bytes: bytes, due: now + 0.5, interval: 0.5, giveUp: now + 16))
        socket.send(bytes, to: server)
    }

    private func respond(_ status: Int, to request: SIPMessage, tag: String?, body: String = "", contact: String? = nil)
        -> [UInt8]
    {
        let reasons = [
            100: "Trying", 180: "Ringing", 183: "Session Progress", 200: "OK", 202: "Accepted",
            302: "Moved Temporarily", 404: "Not Found",
            480: "Temporarily Unavailable", 481: "Call Does Not Exist", 486: "Busy Here", 487: "Request Terminated",
            488: "Not Acceptable Here", 500: "Server Internal Error", 503: "Service Unavailable",
            600: "Busy Everywhere", 603: "Decline",
        ]
        var message = SIPMessage(start: "SIP/2.0 \(status) \(reasons[status] ?? "Refused")")
        for header in request.headers where ["Via", "From", "Call-ID", "CSeq"].contains(header.name) {
            message.headers.append(header)
        }
        var to = request["To"] ?? ""
        if let tag, SIPMessage.tag(of: to) == nil { to += ";tag=\(tag)" }
        message.add("To", to)
        if let contact { message.add("Contact", contact) }
        if !body.isEmpty { message.add("Content-Type", "application/sdp") }
        message.body = body
        let bytes = message.bytes
        socket.send(bytes, to: server)
        return bytes
    }

    private func accept(_ line: SIPLine) {
        line.state = .up
        note(line, .answerSent)
        let body = SessionDescription.text(port: line.media.socket.port, version: 1, direction: "sendrecv")
        let bytes = respond(
            200, to: line.invite, tag: line.localTag, body: body, contact: "<sip:\(name)@127.0.0.1:\(port)>")
        let sequence = line.invite.sequence?.number ?? 0
        line.lastAnswer = (sequence, bytes)
        repeatUntilAcknowledged(bytes, line, sequence)
        if sendsAudio { MediaPump.shared.add(line.media) }
    }

    private func refuse(_ line: SIPLine, _ status: Int, forwardTo: String?) {
        line.state = .ended
        note(line, .refusalSent(status: status))
        let contact = forwardTo.map { "<sip:\($0)@127.0.0.1:\(server)>" }
        let bytes = respond(status, to: line.invite, tag: line.localTag, contact: contact)
        let sequence = line.invite.sequence?.number ?? 0
        line.lastAnswer = (sequence, bytes)
        repeatUntilAcknowledged(bytes, line, sequence)
    }

    private func bye(_ line: SIPLine) {
        line.state = .ended
        MediaPump.shared.remove(line.media)
        note(line, .byeSent)
        send(request("BYE", in: line))
    }

    private func repeatUntilAcknowledged(_ bytes: [UInt8], _ line: SIPLine, _ sequence: Int) {
        let now = monotonicSeconds()
        let key = "\(line.callID) \(sequence) ACK"
        pending.append(Pending(key: key, bytes: bytes, due: now + 0.5, interval: 0.5, giveUp: now + 16))
    }

    // MARK: Receiving

    private func listen() {
        while true {
            var descriptor = pollfd(fd: socket.descriptor, events: Int16(POLLIN), revents: 0)
            _ = poll(&descriptor, 1, 20)
            let goesOn = monitor.locked { () -> Bool in
                guard !isStopped else { return false }
                while let bytes = socket.receive() {
                    if let message = SIPMessage(parsing: bytes) { receive(message) }
                }
                runTimers()
                return true
            }
            if !goesOn { return }
        }
    }

    private func runTimers() {
        let now = monotonicSeconds()
        for index in pending.indices where pending[index].due <= now {
            socket.send(pending[index].bytes, to: server)
            pending[index].interval = min(4, pending[index].interval * 2)
            pending[index].due = now + pending[index].interval
        }
        pending.removeAll { $0.giveUp <= now }
        for timer in timers where timer.due <= now && timer.line.state == .early { accept(timer.line) }
        timers.removeAll { $0.due <= now }
        for leaving in leaveSoon where leaving.due <= now && leaving.line.state == .up { bye(leaving.line) }
        leaveSoon.removeAll { $0.due <= now }
    }

    private func receive(_ message: SIPMessage) {
        guard let callID = message["Call-ID"], let sequence = message.sequence else { return }
        let line = lines.last { $0.callID == callID }
        if let status = message.status {
            if status >= 200 || sequence.method == "INVITE" {
                pending.removeAll { $0.key == "\(callID) \(sequence.number) \(sequence.method)" }
            }
            if let line, sequence.method == "INVITE" { receiveAnswer(message, status, sequence.number, line) }
            return
        }
        switch message.method {
        case "INVITE": receiveInvite(message, line, sequence.number)
        case "ACK":
            pending.removeAll { $0.key == "\(callID) \(sequence.number) ACK" }
            line?.isConfirmed = true
        case "CANCEL":
            _ = respond(200, to: message, tag: line?.localTag)
            guard let line, line.state == .early else { return }
            note(line, .cancelReceived)
            line.state = .ended
            line.wasEndedByPeer = true
            let bytes = respond(487, to: line.invite, tag: line.localTag)
            repeatUntilAcknowledged(bytes, line, sequence.number)
        case "BYE":
            _ = respond(200, to: message, tag: nil)
            guard let line, line.state != .ended else { return }
            note(line, .byeReceived(reason: message["Reason"]))
            line.state = .ended
            line.wasEndedByPeer = true
            MediaPump.shared.remove(line.media)
        case "NOTIFY":
            _ = respond(200, to: message, tag: nil)
            guard let line, message.body.hasPrefix("SIP/2.0 "), let status = Int(message.body.dropFirst(8).prefix(3))
            else { return }
            line.referStatus = status
            note(line, .referProgress(status: status))
            // The transfer is done: like any phone, this one leaves, if Asterisk has not hung up on it by now.
            if status == 200 { leaveSoon.append((monotonicSeconds() + 0.1, line)) }
        case "REFER": _ = respond(603, to: message, tag: nil)
        default: _ = respond(200, to: message, tag: line?.localTag)
        }
    }

    /// An answer to an INVITE of ours, first or later.
    private func receiveAnswer(_ message: SIPMessage, _ status: Int, _ sequence: Int, _ line: SIPLine) {
        if status > 100, let to = message["To"], let tag = SIPMessage.tag(of: to), line.remoteTag == nil {
            line.remoteTag = tag
        }
        if let contact = message["Contact"], status < 300 { line.remoteTarget = SIPMessage.uri(of: contact) }
        switch status {
        case 101..<200:
            if !line.isRinging { note(line, .ringing) }
            line.isRinging = true
        case 200..<300:
            if let description = SessionDescription(parsing: message.body) {
                MediaPump.shared.change { line.media.destination = description.port }
            }
            var ack = SIPMessage(start: "ACK \(line.remoteTarget) SIP/2.0")
            ack.add("Via", via())
            ack.add("Max-Forwards", "70")
            ack.add("From", line.local)
            ack.add("To", line.remote)
            ack.add("Call-ID", line.callID)
            ack.add("CSeq", "\(sequence) ACK")
            socket.send(ack.bytes, to: server)
            if line.state == .early {
                line.state = .up
                line.isConfirmed = true
                note(line, .answerReceived)
                // The answer crossed the CANCEL (RFC 3261, section 9.1).
                if line.isCancelled { return bye(line) }
                if sendsAudio { MediaPump.shared.add(line.media) }
            }
        case 300...:
            // RFC 3261 17.1.1.3: the ACK of a refusal goes back on the INVITE's own branch.
            guard sequence == 1 else { return }
            var ack = SIPMessage(start: "ACK" + line.invite.start.dropFirst(6))
            for header in line.invite.headers where ["Via", "From", "Call-ID"].contains(header.name) {
                ack.headers.append(header)
            }
            ack.add("To", message["To"] ?? "")
            ack.add("Max-Forwards", "70")
            ack.add("CSeq", "\(sequence) ACK")
            socket.send(ack.bytes, to: server)
            if line.state == .early {
                line.state = .ended
                line.refusal = status
                line.wasEndedByPeer = true
                note(line, .refused(status: status))
            }
        default: break
        }
    }

    private func receiveInvite(_ message: SIPMessage, _ line: SIPLine?, _ sequence: Int) {
        if let line {
            // Sent again, or a change within the call: connected line, hold, new media address.
            if let last = line.lastAnswer, last.sequence == sequence { return socket.send(last.bytes, to: server) }
            guard line.state == .up else { return }
            if let description = SessionDescription(parsing: message.body) {
                MediaPump.shared.change { line.media.destination = description.port }
            }
            line.descriptionVersion += 1
            let body = SessionDescription.text(
                port: line.media.socket.port, version: line.descriptionVersion, direction: line.direction)
            let bytes = respond(
                200, to: message, tag: line.localTag, body: body, contact: "<sip:\(name)@127.0.0.1:\(port)>")
            line.lastAnswer = (sequence, bytes)
            return repeatUntilAcknowledged(bytes, line, sequence)
        }
        if case .silent = manner { return }
        guard let from = message["From"], let to = message["To"], let media = try? MediaStream() else { return }
        let new = SIPLine(
            number: lines.count + 1, callID: message["Call-ID"]!, isOutgoing: false, media: media, localURI: to,
            remoteURI: SIPPhone.withoutTag(from), localTag: randomWord(), remoteTag: SIPMessage.tag(of: from),
            remoteTarget: SIPMessage.uri(of: message["Contact"] ?? from), invite: message)
        if let description = SessionDescription(parsing: message.body) { media.destination = description.port }
        lines.append(new)
        note(new, .inviteReceived(from: SIPMessage.uri(of: from)))
        switch manner {
        case .refuses(let status): return refuse(new, status, forwardTo: nil)
        case .forwards(let number): return refuse(new, 302, forwardTo: number)
        case .answers(let seconds): timers.append((monotonicSeconds() + seconds, new))
        case .rings, .silent: break
        }
        _ = respond(180, to: message, tag: new.localTag, contact: "<sip:\(name)@127.0.0.1:\(port)>")
    }

    private static func withoutTag(_ value: String) -> String {
        guard let range = value.firstRange(of: ";tag=") else { return value }
        return String(value[..<range.lowerBound])
    }
}

/// A word for tags, branches and call ids.
func randomWord() -> String {
    String((0..<12).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement()! })
}
