/// Rows under headings, fitted to a width: flexible columns give way, widest first, the others never.
struct Table {
    /// One column.
    struct Column {
        enum Alignment { case left, right }
        var heading: String
        var alignment = Alignment.left
        /// How narrow it may become; nil: it is never cut.
        var least: Int?

        init(_ heading: String, _ alignment: Alignment = .left, least: Int? = nil) {
            (self.heading, self.alignment, self.least) = (heading, alignment, least)
        }
    }
    /// A cell with the colour it may have.
    struct Cell: ExpressibleByStringLiteral {
        var text: String
        var colour: Console.Colour?
        init(_ text: String, _ colour: Console.Colour? = nil) { (self.text, self.colour) = (text, colour) }
        init(stringLiteral value: String) { self.init(value) }
    }

    let columns: [Column]
    var rows: [[Cell]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// The lines of the table, none longer than the console is wide where its columns allow that.
    func lines(for console: Console) -> [String] {
        var widths = columns.indices.map { i in
            max(DisplayWidth.of(columns[i].heading), rows.map { DisplayWidth.of($0[i].text) }.max() ?? 0)
        }
        var excess = widths.reduce(0, +) + 2 * (widths.count - 1) - console.width
        while excess > 0 {
            let flexible = columns.indices.filter { i in columns[i].least.map { widths[i] > $0 } ?? false }
            guard let widest = flexible.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        let headings = columns.map { Cell($0.heading, .bold) }
        return ([headings] + rows).map { row in
            var line = ""
            for (i, cell) in row.enumerated() {
                let isLast = i == row.count - 1
                var text = DisplayWidth.cut(cell.text, widths[i])
                let padding = String(repeating: " ", count: widths[i] - DisplayWidth.of(text))
                if let colour = cell.colour, !text.isEmpty { text = console.paint(colour, text) }
                switch columns[i].alignment {
                case .right: line += padding + text
                case .left: line += isLast ? text : text + padding
                }
                if !isLast { line += "  " }
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
    }
}
