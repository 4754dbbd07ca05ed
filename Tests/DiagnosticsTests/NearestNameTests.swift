import Testing

@testable import Diagnostics

@Suite struct NearestNameTests {
    private let names = ["billsec", "caller.number", "caller.name", "duration", "id", "uniqueid"]

    @Test(
        "a slip of the pen finds what was meant",
        arguments: [
            ("bilsec", "billsec"), ("BILLSEC", "billsec"), ("billsecs", "billsec"),
            ("caller.numbre", "caller.number"), ("callername", "caller.name"), ("durration", "duration"),
            ("ir", "id"), ("uniqeid", "uniqueid"), ("caller.nam", "caller.name"), ("unique_id", "uniqueid"),
        ])
    func slip(word: String, meant: String) {
        #expect(NearestName.of(word, among: names) == meant)
    }

    @Test(
        "a word that differs in too much is no slip", arguments: ["", "xyz", "billings.total", "ab", "dur", "bi11sxx"])
    func other(word: String) {
        #expect(NearestName.of(word, among: names) == nil)
    }

    @Test("the nearest is taken, of equals the first, and a text as long as a file is not compared")
    func nearest() {
        #expect(NearestName.of("talk", among: ["walks", "talks", "balk"]) == "talks")
        #expect(NearestName.of("aaaa", among: ["aaab", "aaac"]) == "aaab")
        let long = String(repeating: "a", count: 128)
        #expect(NearestName.of(long, among: [long]) == long)
        #expect(NearestName.of(long + "a", among: [long]) == nil)
    }

    @Test("a hint names the nearest, or all")
    func hint() {
        #expect(NearestName.hint(for: "yess", among: ["yes", "no"]) == "did you mean \"yes\"?")
        #expect(NearestName.hint(for: "sometimes", among: ["yes", "no"]) == "allowed: yes, no")
    }
}
