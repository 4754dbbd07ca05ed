import Telephony
import Testing

@testable import Daemon

@Suite("Which Asterisk a report is of") struct WitnessDeskTests {
    private func witness(
        _ id: String = "1795227945.26", system: String? = nil, peer: String? = nil
    ) -> InsideWitness {
        var witness = InsideWitness(
            occasion: .hangup, path: .fastAGI, receivedAt: Instant(seconds: 1_795_227_950), uniqueID: UniqueID(id),
            channel: ChannelName("PJSIP/trunk-00000011"))
        (witness.system, witness.peer) = (system, peer)
        return witness
    }
    private func candidate(_ name: String, host: String, systemName: String? = nil) -> WitnessDesk.Candidate {
        .init(name: name, system: "sys-\(name)", host: host, systemName: systemName)
    }
    private var two: [WitnessDesk.Candidate] {
        [candidate("north", host: "10.0.0.1"), candidate("south", host: "10.0.0.2")]
    }
    private func choose(
        _ witness: InsideWitness, _ candidates: [WitnessDesk.Candidate], known: Set<Int> = []
    ) -> (Int, WitnessDesk.Reason) {
        WitnessDesk.choose(witness, among: candidates, knows: known.contains)
    }

    @Test("of one Asterisk, whatever the report says")
    func one() {
        #expect(choose(witness(system: "elsewhere"), [two[0]]) == (0, .only))
    }

    @Test(
        "the name in the report counts first, be it the section's or the system's", arguments: ["south", "sys-south"])
    func named(_ name: String) {
        #expect(choose(witness(system: name, peer: "10.0.0.1"), two, known: [0]) == (1, .named))
    }

    @Test("then the channel, unless two know one of that id")
    func channel() {
        #expect(choose(witness(peer: "10.0.0.1"), two, known: [1]) == (1, .channel))
        #expect(choose(witness(system: "nobody", peer: "10.0.0.2"), two, known: [0, 1]) == (1, .address))
    }

    @Test("then the systemname in the uniqueid, as the manager told it or as the sections are called")
    func systemName() {
        var told = two
        (told[0].systemName, told[1].systemName) = ("", "pbx-b")
        #expect(choose(witness("pbx-b-1795227945.26"), told) == (1, .systemName))
        #expect(choose(witness("south-1795227945.26"), two) == (1, .systemName))
        #expect(choose(witness("sys-north-1795227945.26"), two) == (0, .systemName))
        #expect(choose(witness("pbx-c-1795227945.26"), told) == (0, .guessed))
    }

    @Test("then the sender's address; where nothing decides it is a guess")
    func address() {
        #expect(choose(witness(peer: "10.0.0.2"), two) == (1, .address))
        #expect(choose(witness(peer: "10.0.0.3"), two) == (0, .guessed))
        #expect(choose(witness(), two) == (0, .guessed))
        let here = [candidate("a", host: "localhost"), candidate("b", host: "10.0.0.2")]
        #expect(choose(witness(peer: "127.0.0.1"), here) == (0, .address))
        let both = [candidate("a", host: "127.0.0.1"), candidate("b", host: "127.0.0.1")]
        #expect(choose(witness(peer: "127.0.0.1"), both) == (0, .guessed))
    }
}
