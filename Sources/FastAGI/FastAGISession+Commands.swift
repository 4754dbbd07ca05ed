public import AsteriskWire
public import Telephony

/// The commands with their answers as values. Each throws when Asterisk refuses the command or it fails; `perform` gives
/// the bare reply instead.
///
/// `channelGone` means that the caller has hung up and the command needs a live channel.
extension FastAGISession {
    /// Where playing stopped, and why.
    public struct Playback: Hashable, Sendable {
        /// The key that ended it; nil: it was played to its end.
        public var digit: Character?
        /// In samples.
        public var endPosition: Int
    }
    /// Digits the caller pressed.
    public struct Digits: Hashable, Sendable {
        /// The keys in order, the one that ends the input (`#`) not counted; empty where none was pressed.
        public var text: String
        /// The time was over before enough had come.
        public var isTimeout: Bool
    }
    /// How a recording ended.
    public struct Recording: Hashable, Sendable {
        /// `dtmf`, `timeout` (also silence), `hangup`, …: Asterisk's words.
        public var reason: String
        /// The key that ended it; nil where none did.
        public var digit: Character?
        /// In samples.
        public var endPosition: Int
    }
    /// What a speech engine understood.
    public struct Recognition: Hashable, Sendable {
        /// `speech`, `digit`, `timeout` or `hangup`.
        public var reason: String
        /// The key, where `reason` is `digit`.
        public var digit: Character?
        /// The engine's guesses, best first as a rule; at most 64.
        public var results: [Result]
        /// One guess.
        public struct Result: Hashable, Sendable {
            /// 0 to 1000, as the engine says.
            public var score: Int
            /// The words.
            public var text: String
            /// The grammar they were found in; empty where the engine names none.
            public var grammar: String
        }
    }

    // MARK: Variables and the database

    /// A variable's or function's value: `DIALSTATUS`, `CDR(billsec)`; nil where it is not set.
    nonisolated(nonsending) public func variable(_ name: String) async throws(FastAGIError) -> String? {
        try await value(.getVariable(name))
    }
    /// The value of an expression such as `${CALLERID(num)}-${EXTEN}`, on this channel or another; nil: no such channel.
    nonisolated(nonsending)
        public func fullVariable(
            _ expression: String, channel: ChannelName? = nil
        ) async throws(FastAGIError) -> String?
    {
        try await value(.getFullVariable(expression: expression, channel: channel))
    }
    /// Sets a variable or writes a function. `_NAME` is inherited by the channels this one dials, `__NAME` by theirs as well.
    nonisolated(nonsending) public func setVariable(_ name: String, _ value: String) async throws(FastAGIError) {
        _ = try await number(.setVariable(name, value: value))
    }
    /// A value of Asterisk's own database; nil where the key is not there.
    nonisolated(nonsending)
        public func databaseGet(family: String, key: String) async throws(FastAGIError) -> String?
    {
        try await value(.databaseGet(family: family, key: key))
    }
    /// Whether it was written.
    @discardableResult
    nonisolated(nonsending)
        public func databasePut(family: String, key: String, value: String) async throws(FastAGIError) -> Bool
    {
        try await number(.databasePut(family: family, key: key, value: value)) == 1
    }
    /// Whether it was there.
    @discardableResult
    nonisolated(nonsending)
        public func databaseDelete(family: String, key: String) async throws(FastAGIError) -> Bool
    {
        try await number(.databaseDel(family: family, key: key)) == 1
    }

    // MARK: The channel

    /// Answers the channel; harmless if it is up.
    nonisolated(nonsending) public func answer() async throws(FastAGIError) { try await succeed(.answer) }
    /// Hangs this channel up; commands for dead channels still work.
    nonisolated(nonsending) public func hangup() async throws(FastAGIError) { try await succeed(.hangup()) }
    /// 0 down to 6 up, 7 busy; nil: no such channel.
    nonisolated(nonsending)
        public func channelStatus(_ channel: ChannelName? = nil) async throws(FastAGIError) -> Int?
    {
        let state = try await number(.channelStatus(channel: channel))
        return state < 0 ? nil : state
    }
    /// What the application returned; -2: there is no such application.
    @discardableResult
    nonisolated(nonsending)
        public func exec(_ application: String, _ arguments: String = "") async throws(FastAGIError) -> Int
    {
        try await number(.exec(application: application, arguments: arguments))
    }
    /// Runs a subroutine of the dialplan to its Return().
    nonisolated(nonsending)
        public func gosub(
            context: String, exten: String, priority: String = "1", arguments: String? = nil
        ) async throws(FastAGIError)
    {
        try await succeed(.gosub(context: context, exten: exten, priority: priority, arguments: arguments))
    }
    /// Where the dialplan goes on after this session.
    nonisolated(nonsending)
        public func go(to context: String, exten: String, priority: String = "1") async throws(FastAGIError)
    {
        try await succeed(.setContext(context))
        try await succeed(.setExtension(exten))
        try await succeed(.setPriority(priority))
    }
    /// `"name" <number>` or a number alone.
    nonisolated(nonsending) public func setCallerID(_ text: String) async throws(FastAGIError) {
        try await succeed(.setCallerID(text))
    }
    /// Hangs the channel up after this time; zero: not.
    nonisolated(nonsending) public func setAutoHangup(after time: Duration) async throws(FastAGIError) {
        try await succeed(.setAutoHangup(after: time))
    }
    /// Starts or stops music on hold, of a class or the channel's own.
    nonisolated(nonsending)
        public func setMusic(on: Bool, musicClass: String? = nil) async throws(FastAGIError)
    {
        try await succeed(.setMusic(on: on, musicClass: musicClass))
    }
    /// Writes to Asterisk's verbose log, at a level from 1 to 4.
    nonisolated(nonsending) public func verbose(_ text: String, level: Int = 1) async throws(FastAGIError) {
        _ = try await number(.verbose(text, level: level))
    }

    // MARK: Sound and digits

    /// Plays a file to its end or a key among `escapeDigits`.
    /// - Throws: `commandFailed` for a file that is not there; Asterisk 1.8 and before answers as if it had been played.
    nonisolated(nonsending)
        public func streamFile(
            _ file: String, escapeDigits: String = "", offsetSamples: Int? = nil
        ) async throws(FastAGIError) -> Playback
    {
        try await playback(.streamFile(file, escapeDigits: escapeDigits, offsetSamples: offsetSamples))
    }
    /// Plays a file and waits for one of the digits.
    nonisolated(nonsending)
        public func option(
            _ file: String, escapeDigits: String, timeout: Duration? = nil
        ) async throws(FastAGIError) -> Playback
    {
        try await playback(.getOption(file: file, escapeDigits: escapeDigits, timeout: timeout))
    }
    /// Plays a file and collects digits.
    nonisolated(nonsending)
        public func data(
            _ file: String, timeout: Duration? = nil, maximumDigits: Int? = nil
        ) async throws(FastAGIError) -> Digits
    {
        let reply = try await accepted(.getData(file: file, timeout: timeout, maximumDigits: maximumDigits))
        if reply.result == "-1" { throw FastAGIError(.commandFailed, command: "GET DATA", reply: reply) }
        return Digits(text: reply.result ?? "", isTimeout: reply.value == "timeout")
    }
    /// The key pressed; nil: none in that time.
    nonisolated(nonsending)
        public func waitForDigit(timeout: Duration?) async throws(FastAGIError) -> Character?
    {
        FastAGISession.key(try await succeed(.waitForDigit(timeout: timeout)))
    }
    /// Says a thing by a `say…` command; the key that cut it short, or nil.
    @discardableResult
    nonisolated(nonsending) public func say(_ command: AGICommand) async throws(FastAGIError) -> Character? {
        FastAGISession.key(try await succeed(command))
    }
    /// Records the caller until a key, silence, the time limit or a hangup.
    /// - Parameters:
    ///   - format: `wav`, `gsm`, …; also the file's ending.
    ///   - timeout: nil: none.
    ///   - offsetSamples: where in an existing file to begin.
    ///   - silence: ends the recording after so much of it; nil: never.
    nonisolated(nonsending)
        public func record(
            _ file: String, format: String, escapeDigits: String = "", timeout: Duration? = nil,
            offsetSamples: Int? = nil, beep: Bool = false, silence: Duration? = nil
        ) async throws(FastAGIError) -> Recording
    {
        let reply = try await accepted(
            .recordFile(
                file, format: format, escapeDigits: escapeDigits, timeout: timeout, offsetSamples: offsetSamples,
                beep: beep, silence: silence))
        guard let reason = reply.value else {
            throw FastAGIError(.commandFailed, command: "RECORD FILE", reply: reply)
        }
        return Recording(
            reason: reason, digit: reason == "dtmf" ? FastAGISession.key(reply.number ?? 0) : nil,
            endPosition: reply.attribute("endpos").flatMap { Int($0) } ?? 0)
    }
    /// Plays a prompt and listens; an engine and a grammar must have been set up by the `speech…` commands.
    nonisolated(nonsending)
        public func recognizeSpeech(
            prompt: String, timeout: Duration, offset: Int? = nil
        ) async throws(FastAGIError) -> Recognition
    {
        let reply = try await accepted(.speechRecognize(prompt: prompt, timeout: timeout, offset: offset))
        guard reply.number == 1, let reason = reply.value else {
            throw FastAGIError(.commandFailed, command: "SPEECH RECOGNIZE", reply: reply)
        }
        let count = min(reply.attribute("results").flatMap { Int($0) } ?? 0, 64)
        let results = (0..<max(0, count)).map { n in
            Recognition.Result(
                score: reply.attribute("score\(n)").flatMap { Int($0) } ?? 0, text: reply.attribute("text\(n)") ?? "",
                grammar: reply.attribute("grammar\(n)") ?? "")
        }
        return Recognition(reason: reason, digit: reply.attribute("digit")?.first, results: results)
    }
    /// A line of text from a channel that can send it; nil: none came.
    nonisolated(nonsending) public func receiveText(timeout: Duration) async throws(FastAGIError) -> String? {
        let reply = try await accepted(.receiveText(timeout: timeout))
        return reply.number == 1 ? reply.value : nil
    }
    /// Sends text to a channel that can show it; others ignore it.
    nonisolated(nonsending) public func sendText(_ text: String) async throws(FastAGIError) {
        try await succeed(.sendText(text))
    }

    // MARK: How replies become values

    /// The reply, when its code is 200.
    nonisolated(nonsending) private func accepted(_ command: AGICommand) async throws(FastAGIError) -> AGIReply {
        let reply = try await perform(command)
        switch reply.code {
        case 200: return reply
        case 511: throw FastAGIError(.channelGone, command: command.verb.description, reply: reply)
        default: throw FastAGIError(.commandFailed, command: command.verb.description, reply: reply)
        }
    }
    nonisolated(nonsending) private func number(_ command: AGICommand) async throws(FastAGIError) -> Int {
        let reply = try await accepted(command)
        guard let number = reply.number else {
            throw FastAGIError(.commandFailed, command: command.verb.description, reply: reply)
        }
        return number
    }
    /// A number that is not negative.
    @discardableResult
    nonisolated(nonsending) private func succeed(_ command: AGICommand) async throws(FastAGIError) -> Int {
        let reply = try await accepted(command)
        guard let number = reply.number, number >= 0 else {
            throw FastAGIError(.commandFailed, command: command.verb.description, reply: reply)
        }
        return number
    }
    nonisolated(nonsending) private func value(_ command: AGICommand) async throws(FastAGIError) -> String? {
        let reply = try await accepted(command)
        return reply.number == 1 ? reply.value : nil
    }
    nonisolated(nonsending) private func playback(_ command: AGICommand) async throws(FastAGIError) -> Playback {
        let reply = try await accepted(command)
        guard let number = reply.number, number >= 0 else {
            throw FastAGIError(.commandFailed, command: command.verb.description, reply: reply)
        }
        return Playback(
            digit: FastAGISession.key(number), endPosition: reply.attribute("endpos").flatMap { Int($0) } ?? 0)
    }
    /// The key of an ASCII number; nil for 0, which is none.
    private static func key(_ number: Int) -> Character? {
        guard number > 0, let byte = UInt8(exactly: number), byte < 128 else { return nil }
        return Character(Unicode.Scalar(byte))
    }
}
