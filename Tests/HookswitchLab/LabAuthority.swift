/// The lab's own certificate authority, made anew for each instance by the `openssl` program.
enum LabAuthority {
    /// Where an instance's authority is, for who is to trust it.
    static func certificate(in folder: String) -> String { folder + "/etc/authority.pem" }

    /// Makes the authority and the manager's certificate, for 127.0.0.1, with its key in one file as `tlscertfile` wants it.
    /// - Parameters:
    ///   - folder: The instance's folder, as the daemon knows it.
    ///   - real: The same below the tree.
    static func make(in folder: String, real: String) throws(LabError) {
        let script = """
            set -e; cd '\(real)/etc'
            key='-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'
            openssl req -x509 $key -days 2 -subj '/CN=Lab authority' -keyout authority.key -out authority.pem
            openssl req $key -subj /CN=pbx.lab -keyout manager.key -out manager.csr
            printf 'subjectAltName=IP:127.0.0.1' > names
            openssl x509 -req -in manager.csr -CA authority.pem -CAkey authority.key -days 2 -extfile names -out manager.crt
            cat manager.key manager.crt > manager.pem
            """
        let result = try ChildProcess.run(["/bin/sh", "-c", script])
        guard result.status == 0 else { throw LabError("no certificates", String(result.errors.suffix(300))) }
    }
}
