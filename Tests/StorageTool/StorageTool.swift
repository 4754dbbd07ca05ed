// A process of its own for the storage tests: one to kill in mid-write, and one to measure.
//
//   StorageTool crash FOLDER SEED    commit, claim and settle without end; says on standard output what was answered
//   StorageTool bench FOLDER CALLS   calls a second through commit, claim and settle
//   StorageTool pace FOLDER RATE S   at a steady rate: commit to claimable, in percentiles
//   StorageTool pending FOLDER ROWS  a big backlog: memory, start, claim, listing
import Glibc

@main
struct StorageTool {
    static func main() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 4, let number = Int(arguments[3]) else {
            print("usage: StorageTool crash|bench|pace|pending FOLDER NUMBER [SECONDS]")
            exit(2)
        }
        switch arguments[1] {
        case "crash": try await Crash.run(folder: arguments[2], seed: UInt64(number))
        case "bench": try await Bench.run(folder: arguments[2], calls: number)
        case "pace":
            let seconds = arguments.count > 4 ? Int(arguments[4]) ?? 10 : 10
            try await Bench.pace(folder: arguments[2], rate: number, seconds: seconds)
        case "pending": try await Bench.pending(folder: arguments[2], rows: number)
        default: exit(2)
        }
    }
}
