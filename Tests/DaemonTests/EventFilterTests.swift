import Testing

@testable import Daemon

/// Expected values: manager.conf.sample of Asterisk 22, and what 16 and 22 did in the interop tests of `check`.
@Suite("EventFilter") struct EventFilterTests {
    static let effects: [(String, String, String, EventFilter.Effect)] = [
        ("eventfilter", "!^Event: CEL", "CEL", .all),
        ("eventfilter", "!^Event: CEL", "Hangup", .nothing),
        // More text follows the name: an anchored end never matches.
        ("eventfilter", "!Event: Hangup$", "Hangup", .nothing),
        ("eventfilter", "Event: Newchannel", "Newchannel", .all),
        ("eventfilter(name(Newchannel))", "", "Newchannel", .all),
        ("eventfilter(name(Newchannel))", "", "Hangup", .nothing),
        ("eventfilter(action(exclude),header(Channel),method(starts_with))", "Local/", "Newchannel", .some),
        ("eventfilter(action(exclude),name(Hangup),header(Channel),method(regex))", "^DAHDI", "Hangup", .some),
        ("eventfilter(action(exclude),name(Hangup),header(Channel),method(regex))", "^DAHDI", "Newchannel", .nothing),
        ("eventfilter(action(exclude),header(Variable),method(exact))", "x", "Newchannel", .nothing),
        ("eventfilter(action(exclude),method(contains))", "Event: Dial", "DialBegin", .all),
    ]

    @Test("what a filter does to the events of a name", arguments: effects)
    func effect(_ key: String, _ value: String, _ name: String, _ effect: EventFilter.Effect) throws {
        let filter = try #require(EventFilter(key: key, value: value))
        #expect(filter.effect(on: name) == effect)
        #expect(filter.isExclude == (key.contains("exclude") || value.hasPrefix("!")))
    }

    @Test(
        "what Asterisk takes for no filter is none",
        arguments: [("eventfilter", ""), ("eventfilter(nonsense)", "x"), ("eventfilter(method(guess))", "x")])
    func none(_ key: String, _ value: String) { #expect(EventFilter(key: key, value: value) == nil) }
}
