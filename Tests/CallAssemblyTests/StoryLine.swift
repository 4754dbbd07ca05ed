import Telephony
import Testing

/// A channel of a made-up story, and the events that happen to it.
struct StoryLine {
    /// When each story begins.
    static let start = Instant(seconds: 1_795_300_000)

    let channel: CallEvent.Channel
    let name: ChannelName
    var number: String?
    var location: CallEvent.Location

    /// - Parameter call: the id of the channel whose linked id it has; nil: its own.
    init(_ name: String, _ number: String?, id: Int, of call: Int? = nil, exten: String = "s") {
        channel = CallEvent.Channel(
            uniqueID: UniqueID("1795300000.\(id)"), linkedID: LinkedID("1795300000.\(call ?? id)"))
        self.name = ChannelName(name)
        self.number = number
        location = CallEvent.Location(context: "subscribers", exten: exten, priority: 1)
    }

    func snapshot(_ state: ChannelState) -> CallEvent.Snapshot {
        CallEvent.Snapshot(
            channel: channel, name: name, state: state, number: number, callerName: nil, accountCode: nil,
            location: location)
    }
    /// The dialplan shows another caller id for it.
    mutating func show(_ number: String, _ name: String? = nil) -> CallEvent.Body {
        self.number = number
        return .newCallerID(channel, number: number, name: name)
    }
    /// - Parameter by: nil where Asterisk itself dials.
    func dialled(by: StoryLine?, _ text: String) -> CallEvent.Body {
        .dialBegin(source: by?.channel, at: by?.location, destination: snapshot(.down), dialString: text)
    }
    func answered(_ by: StoryLine?, _ status: DialStatus) -> CallEvent.Body {
        .dialEnd(source: by?.channel, destination: channel, status: status, forward: nil)
    }
    func ended(_ cause: HangupCause = .normalClearing) -> CallEvent.Body {
        .hangup(channel, cause, text: nil, techCause: nil, at: location)
    }

    /// This line dials `other`, whose channel begins at `from`.
    func dial(_ other: StoryLine, _ text: String, at from: Double) -> [(Double, CallEvent.Body)] {
        [(from, .newChannel(other.snapshot(.down))), (from + 0.1, other.dialled(by: self, text))]
    }
    /// `other`, which this line dialled, answers at `from`; they talk until `to`, and this line hangs up.
    func talk(with other: StoryLine, from: Double, to: Double) -> [(Double, CallEvent.Body)] {
        let bridge = BridgeID("talk-\(other.channel.uniqueID)")
        return [
            (from, .newState(other.channel, .up)), (from, other.answered(self, .answer)),
            (from, .newState(channel, .up)), (from, .bridgeEnter(other.channel, bridge, .talk, at: other.location)),
            (from, .bridgeEnter(channel, bridge, .talk, at: location)), (to, .hangupRequest(channel, nil)),
            (to, .bridgeLeave(channel, bridge, at: location)),
            (to, .bridgeLeave(other.channel, bridge, at: other.location)), (to, ended()), (to, other.ended()),
        ]
    }

    /// The record of a call: this line rings, the dialplan dials `other`, which answers at `from`, and they talk until `to`.
    func called(_ other: StoryLine, _ text: String, from: Double, to: Double) throws -> CallRecord {
        let story =
            [(0, .newChannel(snapshot(.ring)))] + dial(other, text, at: 0.2) + talk(with: other, from: from, to: to)
        return try #require(StoryLine.told(story).first)
    }

    /// What is told of the stories, each as seconds from `start` and what happens then.
    static func told(_ story: [(Double, CallEvent.Body)]) -> [CallRecord] {
        var fold = FoldRun()
        fold.apply(story.map { CallEvent(at: start + .milliseconds(Int64($0 * 1000)), body: $1) })
        fold.finishAll()
        return fold.records
    }
}
