import Telephony
import TestGround
import Testing

@testable import CallAssembly

@Suite("The ids of calls told lately")
struct RecentIDsTests {
    @Test("the last 4,096 are known, the one before them is not")
    func forgetsTheOldest() {
        var ids = RecentIDs()
        #expect(!ids.contains(UniqueID("1795227460.1")))
        for n in 1...10_000 { ids.insert(UniqueID("1795227460.\(n)")) }
        for n in 1...10_100 {
            #expect(ids.contains(UniqueID("1795227460.\(n)")) == (5_905...10_000).contains(n), "\(n)")
        }
    }

    @Test("an id that is there already keeps its age")
    func keepsAge() {
        var ids = RecentIDs()
        for n in 0..<4_096 { ids.insert(UniqueID("1795227460.\(n)")) }
        ids.insert(UniqueID("1795227460.0"))
        ids.insert(UniqueID("1795227460.5000"))
        #expect(!ids.contains(UniqueID("1795227460.0")))
        #expect(ids.contains(UniqueID("1795227460.1")))
    }

    @Test("ids of all forms are known for as long as they should be", arguments: [1, 2, 3])
    func holdsAllForms(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var ids = RecentIDs()
        /// Which one it was when it was added last.
        var added: [UniqueID: Int] = [:]
        var count = 0
        for _ in 0..<20_000 {
            let number = random.below(9_000)
            let id =
                switch number % 3 {
                case 0: UniqueID("pbx-a-1795227460.\(number)")
                case 1: UniqueID("order-\(number)")
                default: UniqueID("\(1_700_000_000 + number).7")
                }
            let isKnown = added[id].map { $0 > count - 4_096 } ?? false
            #expect(ids.contains(id) == isKnown, "seed \(seed)")
            ids.insert(id)
            if !isKnown {
                count += 1
                added[id] = count
            }
        }
    }
}
