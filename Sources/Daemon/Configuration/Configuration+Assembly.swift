public import CallAssembly

extension Configuration.PBX {
    /// What the fold needs to know of this Asterisk.
    /// - Parameters:
    ///   - filesWait: how long a call that ended unseen waits for Asterisk's own files to be read.
    ///   - readsCEL: whether a CEL file is among them.
    ///   - reportsProgress: whether anybody wants to be told of calls in progress.
    public func assembly(
        recordings: Configuration.Recordings, filesWait: Duration = .zero, readsCEL: Bool = false,
        reportsProgress: Bool = false
    ) -> AssemblyConfiguration {
        // Patterns that cannot be read have been refused when the file was.
        let numbers = `internal`.compactMap { NumberPattern($0) }
        return AssemblyConfiguration(
            system: system, trunks: trunks.map { Glob($0) },
            internalNumbers: numbers.isEmpty ? NumberPattern.twoToSixDigits : numbers, variables: variables,
            recordings: recordings.directory, filesWait: filesWait, readsCEL: readsCEL,
            reportsProgress: reportsProgress)
    }
}
