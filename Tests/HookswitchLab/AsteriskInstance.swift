import Glibc
import TestGround

/// One running Asterisk: its own folder, its own loopback ports, in a tree that others may use at the same time.
///
/// The folder has the same path inside the tree and outside (a link leads in), so that a file name Asterisk tells is a
/// file name here. Made, started and stopped by one thread.
public final class AsteriskInstance: @unchecked Sendable {
    /// Which Asterisk it runs.
    public let tree: LabTree
    /// Its folder's name, beside the process id.
    public let name: String
    /// Where its manager listens, for any number of users.
    public let managerPort: UInt16
    /// Where phones and trunks send to.
    public let sipPort: UInt16
    /// The instance's folder, by the path Asterisk knows.
    public let folder: String
    /// Change before `start()` only.
    public var configuration: AsteriskConfiguration
    private var process: ChildProcess?

    /// Prepares an instance; nothing runs yet.
    /// - Parameter phonePorts: The phones' UDP ports by user part, and `trunk`.
    public init(
        tree: LabTree, name: String, phonePorts: [String: UInt16], fastAGIPort: UInt16 = 4573,
        shippedFolder: String? = nil
    ) throws(LabError) {
        guard tree.isBuilt else { throw LabError("the tree \(tree.rawValue) is not built", "run make setup-lab") }
        (self.tree, self.name) = (tree, name)
        managerPort = Loopback.freePort()
        sipPort = Loopback.freePort(stream: false)
        folder = "\(LabTree.cache)/instances/\(getpid())-\(name)"
        let moduleFolders = ["/usr/lib/x86_64-linux-gnu/asterisk/modules", "/usr/lib/asterisk/modules"]
        let machine = moduleFolders + ["/usr/lib/aarch64-linux-gnu/asterisk/modules"]
        guard let modules = machine.first(where: { access(tree.root + $0 + "/app_dial.so", R_OK) == 0 }) else {
            throw LabError("no Asterisk modules in the tree \(tree.rawValue)")
        }
        let firstRTP = UInt16.random(in: 10...19) * 1000
        configuration = AsteriskConfiguration(
            folder: folder, moduleFolder: modules, sipPort: sipPort, managerPort: managerPort,
            rtpPorts: firstRTP...(firstRTP + 1998), phonePorts: phonePorts, fastAGIPort: fastAGIPort,
            shippedFolder: shippedFolder)
    }

    /// Writes the files and boots; returns when Asterisk says it is fully booted.
    public func start() throws(LabError) {
        let real = tree.root + folder
        makeFolder(real)
        if access(folder, F_OK) != 0 {
            makeFolder(LabTree.cache + "/instances")
            symlink(real, folder)
        }
        for name in [
            "etc/manager.d", "cache", "lib/keys", "spool/monitor", "spool/recording", "spool/voicemail", "spool/tmp",
            "run", "agi-bin",
            "log/cdr-csv", "log/cdr-custom", "log/cel-custom", "sounds/moh",
        ] { makeFolder(real + "/" + name) }
        for seconds in [1, 3] {
            // µ-law of a soft square tone; `.ulaw` files have no header.
            writeFile(real + "/sounds/tone\(seconds).ulaw", AsteriskInstance.tone(seconds: seconds))
        }
        writeFile(real + "/sounds/moh/hold.ulaw", AsteriskInstance.tone(seconds: 5))
        if configuration.managerTLSPort != nil { try LabAuthority.make(in: folder, real: real) }
        for (name, text) in configuration.files { writeFile(real + "/etc/" + name, text) }
        writeFile(real + "/asterisk.conf", configuration.asteriskConf)
        if configuration.adaptsShippedFiles, let shipped = configuration.shippedFolder,
            let script = readBytes(shipped + "/../agi-bin/hookswitch-spool")
        {
            // The spool's place comes from Asterisk's environment at a real site; here a wrapper says that of this instance.
            makeFolder(real + "/hookswitch/state/spool")
            writeFile(real + "/agi-bin/shipped", script)
            writeFile(
                real + "/agi-bin/hookswitch-spool",
                "#!/bin/sh\nHOOKSWITCH_SPOOL=\(folder)/hookswitch/state/spool exec sh \(folder)/agi-bin/shipped \"$@\"\n"
            )
            for name in ["shipped", "hookswitch-spool"] { chmod(real + "/agi-bin/" + name, 0o755) }
        }
        try boot()
    }

    private func boot() throws(LabError) {
        process = try ChildProcess(
            ["chroot", tree.root, "/usr/sbin/asterisk", "-f", "-C", folder + "/asterisk.conf"],
            output: folder + "/log/console")
        let deadline = monotonicSeconds() + 60
        while monotonicSeconds() < deadline {
            if let status = process?.wait() {
                throw LabError("Asterisk \(name) ended with \(status)", readText(folder + "/log/console") ?? "")
            }
            if let answer = try? command("core waitfullybooted"), answer.contains("fully booted") { return }
            pause(0.1)
        }
        throw LabError("Asterisk \(name) did not boot in 60 s", folder)
    }

    private static func tone(seconds: Int) -> [UInt8] {
        (0..<(8000 * seconds)).map { $0 / 8 % 2 == 0 ? 0x9e : 0x1e }
    }

    /// One command at Asterisk's own console.
    @discardableResult
    public func command(_ text: String) throws(LabError) -> String {
        let result = try ChildProcess.run([
            "chroot", tree.root, "/usr/sbin/asterisk", "-C", folder + "/asterisk.conf", "-rx", text,
        ])
        return result.output
    }

    /// Ends it as an operator would: calls are hung up and told.
    public func stop() {
        _ = try? command("core stop now")
        if process?.wait(seconds: 5) == nil { process?.stop(within: 3) }
    }

    /// Ends it as a power cut would.
    public func kill9() {
        process?.signal(SIGKILL)
        process?.wait(seconds: 5)
    }

    /// Boots again after `stop` or `kill9`, with the files as they are.
    public func restart() throws(LabError) { try boot() }

    /// Removes the folder; call after `stop`.
    public func remove() {
        unlink(folder)
        removeFolder(tree.root + folder)
    }

    /// Rows of Asterisk's own CDR, oldest first, fields by name.
    public var cdrRows: [[String: String]] {
        let names = [
            "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
            "duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield", "linkedid",
            "peeraccount", "sequence",
        ]
        return parseCSV(readText(folder + "/log/cdr-custom/Full.csv") ?? "").map { row in
            Dictionary(zip(names, row), uniquingKeysWith: { first, _ in first })
        }
    }

    /// Hookswitch's own manager user, where the shipped files are used.
    var managerUserFile: String { folder + "/etc/manager.d/hookswitch.conf" }

    /// What a daemon's configuration says of the files that this Asterisk writes, empty where it is to read none.
    func backfillSection(_ files: Outage.Files) -> String {
        let cdr = "cdr = \(folder)/log/cdr-custom/Full.csv\n"
        let cel = "cel = \(folder)/log/cel-custom/Master.csv\n"
        return switch files {
        case .cdr: "[backfill]\n" + cdr
        case .cel: "[backfill]\n" + cel
        case .both: "[backfill]\n" + cdr + cel
        case .none: ""
        }
    }

    /// Lines of Asterisk's log that are warnings or errors.
    public var complaints: [String] {
        (readText(folder + "/log/messages") ?? "").split(separator: "\n").map(String.init).filter {
            $0.contains("] ERROR[") || $0.contains("] WARNING[")
        }
    }
}

/// Reads comma-separated values with quotes (RFC 4180).
func parseCSV(_ text: String) -> [[String]] {
    var rows: [[String]] = []
    var row: [String] = []
    var field = ""
    var isQuoted = false
    var characters = text.unicodeScalars.makeIterator()
    var next = characters.next()
    while let character = next {
        next = characters.next()
        if isQuoted {
            if character != "\"" {
                field.unicodeScalars.append(character)
            } else if next == "\"" {
                field.append("\"")
                next = characters.next()
            } else {
                isQuoted = false
            }
        } else if character == "\"" {
            isQuoted = true
        } else if character == "," {
            row.append(field)
            field = ""
        } else if character == "\n" {
            rows.append(row + [field])
            (row, field) = ([], "")
        } else if character != "\r" {
            field.unicodeScalars.append(character)
        }
    }
    return rows
}
