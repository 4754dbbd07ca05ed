import HookswitchLab

/// Runs lab scenarios by hand; the tests run the same ones.
@main
enum LabTool {
    static func main() {
        print(HookswitchLab.repository)
    }
}
