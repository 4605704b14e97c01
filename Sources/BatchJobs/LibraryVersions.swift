import CFFmpeg
import Foundation

/// Versions for records.
public enum LibraryVersions {
    public static var ffmpeg: String { String(cString: av_version_info()) }
    public static var system: String { ProcessInfo.processInfo.operatingSystemVersionString }
}
