import Foundation
import Glibc
import HookswitchTestKit
import TestGround
import Testing

/// Debian's nginx on a loopback port of its own: HTTP/2 over TLS in front of a sink.
final class NginxServer: @unchecked Sendable {  // its state is made in `init` and only read afterwards
    /// A request as nginx's log has it.
    struct Line: Equatable {
        var version: String
        /// nginx's number of the connection.
        var connection: String
        var messageID: String
        var status: String
    }
    let port: UInt16
    private let folder = TemporaryFolder()
    private let process = Process()

    /// The program, unpacked into the lab's cache. What cannot be had fails.
    private static let program: Result<String, any Error> = Result {
        try VerifierTests.run("\(HookswitchTestKit.repository)/Tests/Lab/make-nginx", [])
            .split(separator: "\n").last.map(String.init) ?? ""
    }

    /// - Parameter requestsPerConnection: after so many nginx sends GOAWAY.
    init(inFrontOf sink: WebhookSink, requestsPerConnection: Int = 100_000) throws {
        let program = try NginxServer.program.get()
        let certificates = try TestCertificates.shared()
        port = Loopback.freePort()
        let path = folder.path
        let buffers = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(path)/\($0);"
        }.joined(separator: " ")
        let configuration = """
            daemon off; worker_processes 1; pid \(path)/pid; error_log \(path)/error.log notice;
            \(getuid() == 0 ? "user root;" : "")
            events { worker_connections 512; }
            http {
              log_format told '$server_protocol $connection $http_webhook_id $status';
              access_log \(path)/access.log told; \(buffers)
              keepalive_requests \(requestsPerConnection);
              server {
                listen 127.0.0.1:\(port) ssl http2;
                ssl_certificate \(certificates.folder)/server.pem; ssl_certificate_key \(certificates.folder)/server.key;
                location / { proxy_pass http://127.0.0.1:\(sink.port); proxy_http_version 1.1; proxy_set_header Connection ""; }
              }
            }
            """
        try configuration.write(toFile: "\(path)/nginx.conf", atomically: true, encoding: .utf8)
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["-p", path, "-e", "\(path)/error.log", "-c", "\(path)/nginx.conf"]
        (process.standardOutput, process.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try process.run()
        while !answers() {
            try #require(process.isRunning, "nginx ended: \(text("error.log"))")
            usleep(5000)
        }
    }
    deinit {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
        for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] { rmdir("\(folder.path)/\(name)") }
    }

    var url: String { "https://127.0.0.1:\(port)/hook" }

    /// Kills the process that holds the connections; the master starts another.
    func killWorker() throws {
        let id = process.processIdentifier
        let children = try String(contentsOfFile: "/proc/\(id)/task/\(id)/children", encoding: .utf8)
        let worker = try #require(children.split(separator: " ").first.flatMap { Int32($0) })
        kill(worker, SIGKILL)
    }

    /// Ends nginx when it has answered all, and tells what it has logged.
    func finish() -> [Line] {
        kill(process.processIdentifier, SIGQUIT)
        process.waitUntilExit()
        return text("access.log").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ").map(String.init)
            guard words.count == 4 else { return nil }
            return Line(version: words[0], connection: words[1], messageID: words[2], status: words[3])
        }
    }

    private func text(_ file: String) -> String {
        (try? String(contentsOfFile: "\(folder.path)/\(file)", encoding: .utf8)) ?? ""
    }

    private func answers() -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        return Loopback.withAddress(port) { connect(descriptor, $0, $1) } == 0
    }
}
