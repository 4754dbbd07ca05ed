public import EventLoop
import Glibc

/// A throw-away authority with server and client certificates, made once a test run by the openssl program and removed at
/// its end: `server.pem` (for pbx.test and 127.0.0.1), `expired.pem`, `self.pem`, `client.pem`, with their keys.
public final class TestCertificates: Sendable {
    /// Where the files are.
    public let folder: String

    /// The openssl program is missing or would not.
    public struct Failed: Error {}

    private init() throws {
        var template = Array("/tmp/hookswitch-tls-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw Failed() }
        folder = String(cString: made)
        let script = """
            set -e; cd '\(folder)'
            key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
            openssl req -x509 $key -days 2 -subj '/CN=Test CA' -keyout ca.key -out ca.pem
            for name in server client; do
              openssl req $key -subj "/CN=$name" -keyout $name.key -out $name.csr
            done
            printf 'subjectAltName=DNS:pbx.test,IP:127.0.0.1' > names
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -extfile names -out server.pem
            openssl x509 -req -in client.csr -CA ca.pem -CAkey ca.key -days 2 -out client.pem
            openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days -1 -extfile names -out expired.pem
            openssl req -x509 -key server.key -days 2 -subj '/CN=pbx.test' \
              -addext subjectAltName=DNS:pbx.test -out self.pem
            """
        guard system("( \(script) ) >/dev/null 2>&1") == 0 else { throw Failed() }
        atexit { if let folder = try? TestCertificates.shared().folder { _ = system("rm -rf '\(folder)'") } }
    }

    private static let made: Result<TestCertificates, any Error> = Result { try TestCertificates() }

    /// The run's certificates.
    public static func shared() throws -> TestCertificates { try made.get() }

    /// A server that shows this certificate; all of them but `client.pem` have the same key.
    public func server(_ certificate: String = "server.pem") -> TLSServerOptions {
        TLSServerOptions(certificateFile: "\(folder)/\(certificate)", privateKeyFile: "\(folder)/server.key")
    }

    /// A client that trusts the authority and expects this host.
    public func client(host: String = "pbx.test") -> TLSClientOptions {
        var options = TLSClientOptions(hostName: host)
        options.authoritiesFile = "\(folder)/ca.pem"
        return options
    }
}
