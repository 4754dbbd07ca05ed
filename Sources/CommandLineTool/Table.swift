/// Rows under headings, fitted to a width: flexible columns give way, widest first, and some go altogether; the others are
/// never cut.
struct Table {
    /// One column.
    struct Column {
        /// To which side a cell stands; numbers go to the right.
        enum Alignment { case left, right }
        /// In bold above the column; the column is as wide as this at least, unless it may be narrowed.
        var heading: String
        /// Of the cells and the heading.
        var alignment = Alignment.left
        /// How narrow it may become; nil: it is never cut.
        var least: Int?
        /// Which goes first where there is no room; nil: it stays.
        var spare: Int?

        /// Without `least` and `spare` the column stays as wide as its widest cell.
        init(_ heading: String, _ alignment: Alignment = .left, least: Int? = nil, spare: Int? = nil) {
            (self.heading, self.alignment, self.least, self.spare) = (heading, alignment, least, spare)
        }
    }
    /// A cell with the colour it may have.
    struct Cell: ExpressibleByStringLiteral {
        /// In one line; cut with `…` where the column was narrowed.
        var text: String
        /// Nil: as everything else.
        var colour: Console.Colour?
        /// Without a colour, as most are.
        init(_ text: String, _ colour: Console.Colour? = nil) { (self.text, self.colour) = (text, colour) }
        /// A cell without a colour.
        init(stringLiteral value: String) { self.init(value) }
    }

    /// From left to right; two blanks stand between them.
    let columns: [Column]
    /// Each has a cell for each column, the empty text where there is nothing to say.
    var rows: [[Cell]] = []

    /// No rows yet.
    init(_ columns: [Column]) { self.columns = columns }

    /// The lines of the table, none longer than the console is wide where its columns allow that.
    func lines(for console: Console) -> [String] {
        var widths = columns.indices.map { i in
            max(DisplayWidth.of(columns[i].heading), rows.map { DisplayWidth.of($0[i].text) }.max() ?? 0)
        }
        var shown = Array(columns.indices)
        // A column goes only where narrowing the others would not do.
        let leastWidths = widths.indices.map { min(widths[$0], columns[$0].least ?? widths[$0]) }
        func least() -> Int { shown.reduce(-2) { $0 + leastWidths[$1] + 2 } }
        for i in shown.filter({ columns[$0].spare != nil }).sorted(by: { columns[$0].spare! < columns[$1].spare! })
        where least() > console.width { shown.removeAll { $0 == i } }
        var excess = shown.reduce(-2) { $0 + widths[$1] + 2 } - console.width
        while excess > 0 {
            let flexible = shown.filter { i in columns[i].least.map { widths[i] > $0 } ?? false }
            guard let widest = flexible.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        let headings = columns.map { Cell($0.heading, .bold) }
        return ([headings] + rows).map { row in
            var line = ""
            for i in shown {
                let cell = row[i]
                let isLast = i == shown.last
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
