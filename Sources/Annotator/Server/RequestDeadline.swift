import NIOCore
import NIOHTTP1

/// Closes a connection whose request does not come to its end in time, however steadily its bytes come, and one that nobody uses.
final class RequestDeadline: ChannelDuplexHandler, @unchecked Sendable {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private let limits: ServerLimits
    // Touched on the channel's event loop alone.
    private var closing: Scheduled<Void>?

    init(_ limits: ServerLimits) { self.limits = limits }

    func channelActive(context: ChannelHandlerContext) {
        schedule(limits.requestSeconds, context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        closing?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            schedule(head.headers.contains(name: "x-name") ? limits.uploadSeconds : limits.requestSeconds, context)
        case .body: break
        case .end: closing?.cancel()
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // Who does not read what it asked for is not waited for either.
        if case .end = unwrapOutboundIn(data) { schedule(limits.idleSeconds, context) } else { schedule(limits.stallSeconds, context) }
        context.write(data, promise: promise)
    }

    private func schedule(_ seconds: Int64, _ context: ChannelHandlerContext) {
        closing?.cancel()
        let channel = context.channel
        closing = context.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
    }
}
