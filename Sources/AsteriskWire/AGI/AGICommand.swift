public import Telephony

/// One AGI command: all of Asterisk 22's, and no other way to write one, so that no value can become part of a command.
///
/// A case without words of its own is named and does as `agi show commands topic NAME` says. Times that Asterisk counts
/// in milliseconds or seconds are `Duration`s here. `escapeDigits` are the keys that end a command early; empty: none.
/// A file is named without its ending, as in Playback().
///
/// **Source**: `agi show commands` of Asterisk 16.28 and 22.10, the same list in both, and res_agi.c's handlers; GOSUB
/// is app_stack.c's. Once the channel has hung up all are answered 511 but these: variables, the database, EXEC, NOOP,
/// VERBOSE, ASYNCAGI BREAK, SPEECH DESTROY and SPEECH UNLOAD GRAMMAR.
public enum AGICommand: Hashable, Sendable {
    /// Answers the channel.
    case answer
    /// Gives an Async AGI channel back to the dialplan; without effect over FastAGI.
    case asyncAGIBreak
    /// State of a channel, of this one without a name: 0 down to 6 up, 7 busy.
    case channelStatus(channel: ChannelName? = nil)
    /// Plays a file the listener can wind.
    case controlStreamFile(
        String, escapeDigits: String = "", skip: Duration? = nil, forward: Character? = nil, rewind: Character? = nil,
        pause: Character? = nil, offset: Duration? = nil)
    case databaseDel(family: String, key: String)
    /// Deletes a family, or a tree of keys in it.
    case databaseDelTree(family: String, keyTree: String? = nil)
    case databaseGet(family: String, key: String)
    case databasePut(family: String, key: String, value: String)
    /// Runs a dialplan application; its arguments are one text, separated by commas, as in the dialplan.
    case exec(application: String, arguments: String = "")
    /// Plays a file and collects digits.
    case getData(file: String, timeout: Duration? = nil, maximumDigits: Int? = nil)
    /// Evaluates an expression such as `${CALLERID(num)}`, here or on another channel.
    case getFullVariable(expression: String, channel: ChannelName? = nil)
    /// Plays a file and waits for one digit.
    case getOption(file: String, escapeDigits: String, timeout: Duration? = nil)
    /// Reads a variable or a function: `DIALSTATUS`, `CDR(billsec)`.
    case getVariable(String)
    /// Runs a subroutine of the dialplan.
    case gosub(context: String, exten: String, priority: String, arguments: String? = nil)
    /// Hangs up this channel or another.
    case hangup(channel: ChannelName? = nil)
    /// Does nothing; Asterisk's answer shows that the session lives.
    case noop
    /// Waits for a character of text; zero: for ever.
    case receiveChar(timeout: Duration)
    /// Waits for a line of text; zero: for ever.
    case receiveText(timeout: Duration)
    /// Records the caller; timeout nil: until a digit or silence.
    case recordFile(
        String, format: String, escapeDigits: String = "", timeout: Duration? = nil, offsetSamples: Int? = nil,
        beep: Bool = false, silence: Duration? = nil)
    case sayAlpha(String, escapeDigits: String = "")
    case sayDate(Instant, escapeDigits: String = "")
    /// A date and time of day; `format` as in SayUnixTime() (`ABdY 'digits/at' IMp` unless given), `timeZone` as
    /// `Europe/Berlin`, else the PBX's.
    case sayDateTime(Instant, escapeDigits: String = "", format: String? = nil, timeZone: String? = nil)
    case sayDigits(String, escapeDigits: String = "")
    /// A number in words; `gender` (`f`, `m`, `n`, `c`) matters in some languages only.
    case sayNumber(Int, escapeDigits: String = "", gender: String? = nil)
    case sayPhonetic(String, escapeDigits: String = "")
    case sayTime(Instant, escapeDigits: String = "")
    case sendImage(String)
    case sendText(String)
    /// Hangs up after this time; zero: not.
    case setAutoHangup(after: Duration)
    /// `"name" <number>` or a number alone; sets both.
    case setCallerID(String)
    /// Where the dialplan goes on when the AGI session is over; likewise extension and priority.
    case setContext(String)
    case setExtension(String)
    /// Music on hold, of a class or the default one.
    case setMusic(on: Bool, musicClass: String? = nil)
    /// A priority's number or label.
    case setPriority(String)
    /// Sets a channel variable or writes a function, as `CDR(userfield)`.
    case setVariable(String, value: String)
    case speechActivateGrammar(String)
    case speechCreate(engine: String)
    case speechDeactivateGrammar(String)
    case speechDestroy
    case speechLoadGrammar(String, path: String)
    /// Plays a prompt and listens to speech and digits.
    case speechRecognize(prompt: String, timeout: Duration, offset: Int? = nil)
    case speechSet(String, value: String)
    case speechUnloadGrammar(String)
    /// Plays a file from an offset in samples.
    case streamFile(String, escapeDigits: String = "", offsetSamples: Int? = nil)
    /// Telecommunication device for the deaf.
    case tddMode(TDDMode)
    /// Writes to Asterisk's verbose log, at a level from 1 to 4.
    case verbose(String, level: Int = 1)
    /// Waits for a digit; nil: for ever.
    case waitForDigit(timeout: Duration?)

    /// Only channels that are capable of it, as DAHDI's, take it; `tdd` is Asterisk's other word for `on`.
    public enum TDDMode: String, Hashable, Sendable {
        case on, off, mate, tdd
    }

    /// How the reply is to be read.
    public var replyShape: AGIReply.Shape {
        switch self {
        case .getVariable, .getFullVariable, .databaseGet, .receiveText: .value
        default: .status
        }
    }
}
