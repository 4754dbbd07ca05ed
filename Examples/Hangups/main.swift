import AMI
import EventLoop

let loop = try EventLoop()
try loop.run {
    let client = AMIClient(AMIConfiguration(host: "127.0.0.1", username: "me", secret: "..."), on: loop)
    async let session: Void = client.run()  // logs in, keeps alive, reconnects
    for await event in client.events() where event.name == "Hangup" {
        print(event["Channel"] ?? "", event["Cause-txt"] ?? "")
    }
    await session
}
