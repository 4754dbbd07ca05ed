import Daemon
import EventLoop

/// `hookswitch check`: a line for each finding, and below each fault the line to write.
struct CheckVerb {
    private let isJSON: Bool
    private let console: Console

    init(_ invocation: Invocation, _ console: Console) {
        (isJSON, self.console) = (invocation.has("--json"), console)
    }

    func run(_ configuration: Configuration, _ loop: EventLoop) async -> ExitCode {
        var worst = Finding.Level.ok
        await Doctor(configuration, on: loop).run { finding in
            worst = max(worst, finding.level)
            show(finding)
        }
        return worst == .failure ? .found : .fine
    }

    private func show(_ finding: Finding) {
        if isJSON {
            _ = console.write(finding.json + [0x0A])
            return
        }
        let (word, colour): (String, Console.Colour) =
            switch finding.level {
            case .ok: ("ok     ", .green)
            case .unknown: ("?      ", .dim)
            case .warning: ("warning", .yellow)
            case .failure: ("FAULT  ", .red)
            }
        console.line("\(console.paint(colour, word))  \(finding.subject): \(finding.text)")
        if !finding.fix.isEmpty { console.line("         → \(finding.fix)") }
    }
}
