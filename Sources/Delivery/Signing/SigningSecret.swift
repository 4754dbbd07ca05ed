/// One active secret of an endpoint.
///
/// **Shape**: `whsec_` and base64, as Standard Webhooks prints keys, or any other text, which is taken byte for byte.
public struct SigningSecret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// What HMAC is keyed with: the base64 behind `whsec_` decoded, or the UTF-8 of any other text. Never empty.
    let key: [UInt8]

    /// Reads one item of `secret`.
    /// - Throws: where the text is empty, or what stands after `whsec_` is empty or no base64.
    init(configuration text: String) throws(ValueError) {
        if text.hasPrefix("whsec_") {
            guard let key = Base64.decode(text.dropFirst(6)), !key.isEmpty else {
                throw ValueError(
                    problem: "the text after whsec_ is not base64",
                    hint: "copy the whole secret, or write it without whsec_ if it is plain text")
            }
            self.key = key
        } else {
            guard !text.isEmpty else {
                throw ValueError(problem: "the secret is empty", hint: "make one: openssl rand -base64 24")
            }
            key = Array(text.utf8)
        }
    }
    /// Never the secret: it may end up in a log by way of the configuration that holds it.
    public var description: String { "<secret>" }
    /// The same: a test's or a debugger's output is kept too.
    public var debugDescription: String { "<secret>" }
}

/// The signature of Standard Webhooks: `v1,BASE64(HMAC-SHA256(secret, "id.timestamp.body"))`.
///
/// **Source**: the Standard Webhooks specification, "Signature scheme".
public enum WebhookSignature {
    /// The value of `webhook-signature`: one signature a secret, blanks between.
    /// - Parameter timestamp: seconds since 1970, the value of `webhook-timestamp`.
    public static func header(id: String, timestamp: Int64, body: [UInt8], secrets: [SigningSecret]) -> String {
        var signed: [UInt8] = []
        signed.reserveCapacity(id.utf8.count + body.count + 16)
        signed.append(contentsOf: id.utf8)
        signed.append(UInt8(ascii: "."))
        signed.append(contentsOf: "\(timestamp)".utf8)
        signed.append(UInt8(ascii: "."))
        signed.append(contentsOf: body)
        var out: [UInt8] = []
        for secret in secrets {
            if !out.isEmpty { out.append(UInt8(ascii: " ")) }
            out.append(contentsOf: "v1,".utf8)
            Base64.append(Crypto.hmac(.sha256, key: secret.key, signed), to: &out)
        }
        return String(decoding: out, as: UTF8.self)
    }

    /// Twilio's `X-Twilio-Signature`: HMAC-SHA1 with the account's token over the URL and the form's parameters, sorted
    /// by name, each name followed by its value.
    ///
    /// **Source**: Twilio's "Webhooks security", validating signatures.
    public static func twilio(url: String, parameters: [(name: String, value: String)], token: SigningSecret) -> String
    {
        var signed = Array(url.utf8)
        for parameter in parameters.sorted(by: { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }) {
            signed.append(contentsOf: parameter.name.utf8)
            signed.append(contentsOf: parameter.value.utf8)
        }
        return Base64.encode(Crypto.hmac(.sha1, key: token.key, signed))
    }

    /// Yeastar's `X-Signature`: base64 of HMAC-SHA256 over the body alone.
    ///
    /// **Source**: Yeastar P-Series developer guide, "Monitor Events via Webhook".
    public static func yeastar(body: [UInt8], secret: SigningSecret) -> String {
        Base64.encode(Crypto.hmac(.sha256, key: secret.key, body))
    }
}
