#if os(Linux)
    import Foundation
    import Glibc

    /// A small file system in memory, so that tests can fill a disk. Mounting needs root; it goes with its owner.
    public final class SmallDisk: Sendable {
        /// Whether this process may mount one. Use it in `.enabled(if: SmallDisk.mayMount, ...)`.
        public static let mayMount: Bool = {
            guard geteuid() == 0, let disk = try? SmallDisk() else { return false }
            _ = disk
            return true
        }()

        /// The message of tests that skip.
        public static let needed = "needs the right to mount a small file system"

        public let url: URL

        public init(kibibytes: Int = 256) throws {
            url = try Fixtures.temporaryFolder()
            guard mount("tmpfs", url.path, "tmpfs", 0, "size=\(kibibytes)k") == 0 else {
                let code = errno
                rmdir(url.path)
                throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EPERM)
            }
        }

        /// From now on nothing can be written there, or it can again.
        public func remount(readOnly: Bool) throws {
            guard mount("tmpfs", url.path, "tmpfs", UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0), nil) == 0 else {
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPERM)
            }
        }

        deinit {
            umount2(url.path, Int32(MNT_DETACH))
            rmdir(url.path)
        }

        public func path(_ name: String) -> String { url.appendingPathComponent(name).path }

        public var contents: [String] {
            get throws { try FileManager.default.contentsOfDirectory(atPath: url.path).sorted() }
        }
    }
#endif
