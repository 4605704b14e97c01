/// How much a connection may ask of the server before it is closed.
struct ServerLimits: Sendable {
    var connections = 128
    var headerFieldBytes = 8 << 10
    var headerBytes = 32 << 10
    var headerFields = 64
    /// Of edits: a given mask of a large frame is below a megabyte.
    var bodyBytes = 16 << 20
    /// Of imports.
    var uploadBytes = 256 << 20
    /// From the first byte of a request, or the connection's beginning, to its last.
    var requestSeconds: Int64 = 20
    /// Of an upload.
    var uploadSeconds: Int64 = 600
    /// Between two pieces of an answer.
    var stallSeconds: Int64 = 60
    /// Between an answer and the next request.
    var idleSeconds: Int64 = 60
    /// Streams of events at a time.
    var eventStreams = 24
}
