extension Scenario {
    /// Every scenario, by family.
    public static let all: [Scenario] =
        plain + menus + clickToCall + transfers + queues + groups + recordings + odd + offices + applications + chains
        + supervision
        + vicidial + turns + rare + handed + legacySIP + connections

    /// One by its name.
    public static func named(_ name: String) -> Scenario? { all.first { $0.name == name } }
}
