import Daemon
import EventLoop

/// `hookswitch check`: a line for each finding, and below each fault the line to write.
struct CheckVerb {
    private let isJSON: Bool
    private let console: Console

    /// Only `--json` changes anything here.
    init(_ invocation: Invocation, _ console: Console) {
        (isJSON, self.console) = (invocation.has("--json"), console)
    }

    /// Shows each finding as soon as it is made.
    /// - Returns: `found` where one is a fault; warnings and what could not be found out are fine.
    func run(_ configuration: Configuration, _ loop: EventLoop) async -> ExitCode {
        var worst = Finding.Level.ok
        let progress = ProgressLine(console, "check")
        await Doctor(configuration, on: loop).run(
            { finding in
                worst = max(worst, finding.level)
                progress.clear()
                show(finding)
            }, waiting: { progress.show("waiting for \($0.joined(separator: ", "))") })
        progress.clear()
        return worst == .failure ? .found : .fine
    }

    private static let indent = "         "

    /// Writes one finding: a word for its level, the text, and below it what to write where. With `--json` one object a
    /// line.
    func show(_ finding: Finding) {
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
        let text = "\(finding.subject): \(finding.text)"
        // In a file or a pipe a finding is one line. A fix is one everywhere: it is there to be copied.
        let lines = console.isTerminal ? DisplayWidth.wrap(text, console.width - CheckVerb.indent.count) : [text]
        console.line("\(console.paint(colour, word))  \(lines.joined(separator: "\n" + CheckVerb.indent))")
        if !finding.fix.isEmpty { console.line("\(CheckVerb.indent)→ \(finding.fix)") }
    }
}
