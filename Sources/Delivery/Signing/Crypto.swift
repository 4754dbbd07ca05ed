import CCrypto
import Glibc

/// The few functions of OpenSSL that signing needs, over byte arrays.
enum Crypto {
    /// SHA-1 is for what others prescribe (Twilio's signature, UUIDs of version 5); what is Hookswitch's own takes
    /// SHA-256.
    enum Digest { case sha1, sha256 }

    /// HMAC (RFC 2104).
    static func hmac(_ digest: Digest, key: [UInt8], _ message: [UInt8]) -> [UInt8] {
        var length: UInt32 = 0
        let md = digest == .sha1 ? EVP_sha1() : EVP_sha256()
        return [UInt8](unsafeUninitializedCapacity: 64) { out, count in
            // OpenSSL takes a nil key for "the key of last time": an empty one still needs an address.
            let padded = key.isEmpty ? [0] : key
            let done = HMAC(md, padded, Int32(key.count), message, message.count, out.baseAddress, &length)
            precondition(done != nil, "HMAC cannot fail with a digest OpenSSL always has")
            count = Int(length)
        }
    }

    /// Sought once: what `EVP_sha256` answers is sought again, under locks, by each use (crypto(7), "Explicit fetching").
    /// `nonisolated(unsafe)`: OpenSSL's fetched digests are never changed and may be used from any thread.
    nonisolated(unsafe) private static let sha1 = EVP_MD_fetch(nil, "SHA1", nil)
    nonisolated(unsafe) private static let sha256 = EVP_MD_fetch(nil, "SHA256", nil)

    /// The digest of a message: 20 bytes of SHA-1, 32 of SHA-256 (FIPS 180-4).
    static func hash(_ digest: Digest, _ message: [UInt8]) -> [UInt8] {
        var length: UInt32 = 0
        let md = digest == .sha1 ? sha1 : sha256
        return [UInt8](unsafeUninitializedCapacity: 64) { out, count in
            let done = EVP_Digest(message, message.count, out.baseAddress, &length, md, nil)
            precondition(done == 1, "a digest cannot fail with an algorithm OpenSSL always has")
            count = Int(length)
        }
    }

    /// Lower-case hexadecimal digits.
    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var out: [UInt8] = []
        for byte in bytes {
            out.append(digits[Int(byte >> 4)])
            out.append(digits[Int(byte & 15)])
        }
        return String(decoding: out, as: UTF8.self)
    }
}
