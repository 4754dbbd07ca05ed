import HookswitchLab
import Testing

@Suite("The lab's Asterisk trees")
struct LabTreeTests {
    @Test("the tree holds the Asterisk it is named for", arguments: LabTree.allCases)
    func version(tree: LabTree) throws {
        #expect(tree.isBuilt, "run make setup-lab")
        let version = try #require(tree.asteriskVersion)
        print("lab: \(tree.rawValue) holds Asterisk \(version)")
        #expect(version.contains(":\(tree.major).") || version.hasPrefix("\(tree.major)."))
    }
}
