/// The program's version, and with it the package's: `sampt --version`, the name of the release's archive, the newest entry of
/// CHANGELOG.md.
package enum ProgramVersion {
    package static let current = "0.2.0"
}
