// Addresses and MD5s are those that the SAM-PT reference implementation uses, sizes those that its guide lists (in MiB, rounded).
// CoTracker 2, 3 and BootsTAPIR came after it: their addresses are their authors', who give no MD5. The sizes of CoTracker 2 and 3 are what
// their tensors take.
extension ModelCatalogue {
    static let trackers: [PublishedModel] =
        [
            coTracker("s4-w8", file: "cotracker_stride_4_wind_8", md5: "82c458ad5de9bf98bc337c34ccbc436a"),
            coTracker("s4-w12", file: "cotracker_stride_4_wind_12", md5: "f13ab80f04b2cb58945e2dffb5a3a44c"),
            coTracker("s8-w16", file: "cotracker_stride_8_wind_16", md5: "d0d25fe323b20d11c447aaa05a923650"),
            hosted("cotracker-2", network: "CoTracker 2", file: "cotracker/resolve/main/cotracker2", bytes: 204_000_000),
            hosted("cotracker-2.1", network: "CoTracker 2.1", file: "cotracker/resolve/main/cotracker2v1", bytes: 204_000_000),
            hosted("cotracker-3", network: "CoTracker 3, whole clips", file: "cotracker3/resolve/main/scaled_offline", bytes: 102_000_000),
            hosted(
                "cotracker-3-online", network: "CoTracker 3, windows", file: "cotracker3/resolve/main/scaled_online", bytes: 102_000_000),
            tracker(
                "pips", network: "PIPs", md5: "9f34c4cd5d6f54cb11e1911841ac702c", mebibytes: 328, licence: "MIT",
                source: .manual(
                    """
                    Download https://www.dropbox.com/s/glk6jmoa9yeervl/reference_model.tar.gz and unpack it: \
                    the file is reference_model/model-000200000.pth.
                    """),
                page: "https://github.com/aharley/pips"),
            tracker(
                "pips++", network: "PIPs++", md5: "e599fd3ba978d67c4cf35f225be3c2af", mebibytes: 402, licence: "MIT",
                source: .manual(
                    """
                    Download https://www.dropbox.com/scl/fi/czdlt2zc2ji2b7zd0pvoe/reference_model.tar.gz?rlkey=56ebq4g5dk01kyq8kuismev14 \
                    and unpack it: the file is reference_model/model-000200000.pth.
                    """),
                page: "https://github.com/aharley/pips2"),
        ] + [
            raft("things", md5: "55b58de5d9022eb37893916d246e14a3", mebibytes: 20),
            raft("chairs", md5: "37d7c11dccc199c915580562651d85dd", mebibytes: 20),
            raft("kitti", md5: "e5882fe9b35e1a7cb80537f6f859179f", mebibytes: 20),
            raft("sintel", md5: "cc69e5da1f38673ab10d1849859ebe91", mebibytes: 20),
            raft("small", md5: "925642262acc623b3996690eac7d14c9", mebibytes: 3.8),
        ] + [
            deepMind("tapir", network: "TAPIR", file: "tapir_checkpoint_panning", md5: "73e86cdcfef0e8afea6a060f44be5fc7", mebibytes: 119),
            PublishedModel(
                name: "bootstapir", kind: .tracker, network: "BootsTAPIR", fileExtension: "pt", md5: nil, size: .exact(218_886_140),
                licence: "Apache-2.0",
                source: .address("https://storage.googleapis.com/dm-tapnet/bootstap/bootstapir_checkpoint_v2.pt"),
                page: "https://github.com/google-deepmind/tapnet"),
            deepMind(
                "tapnet-full", network: "TAP-Net, with the optimiser's state", file: "checkpoint", md5: "b8a1ad6eab94ce53be3ce870ed829552",
                mebibytes: 32),
            tracker(
                "tapnet", network: "TAP-Net", fileExtension: "npy", md5: "3e915fcb27a6fe39c46e1d5ed443d11a", mebibytes: 11,
                licence: "CC-BY-4.0",
                source: .manual(
                    """
                    Download https://drive.google.com/file/d/1fGhoW33k87OQQHUTmFobMUjEnRixhuqg/view in a browser: it is TAP-Net's \
                    checkpoint without the optimiser's state, as the SAM-PT authors made it.
                    """),
                page: "https://github.com/google-deepmind/tapnet"),
        ] + [
            magicLeap("superpoint", network: "SuperPoint", file: "superpoint_v1", md5: "938af9f432d327751dcbc0d6c7a0448b", mebibytes: 5),
            magicLeap(
                "superglue-indoor", network: "SuperGlue, indoor", file: "superglue_indoor", md5: "48053342712ef9a8e4663490b812ad50",
                mebibytes: 46),
            magicLeap(
                "superglue-outdoor", network: "SuperGlue, outdoor", file: "superglue_outdoor", md5: "01191e832e901537324543963bea09a4",
                mebibytes: 46),
        ]

    private static func tracker(
        _ name: String, network: String, fileExtension: String = "pth", md5: String, mebibytes: Double, licence: String,
        source: PublishedModel.Source, page: String
    ) -> PublishedModel {
        PublishedModel(
            name: name, kind: .tracker, network: network, fileExtension: fileExtension, md5: md5,
            size: .about(Int(mebibytes * 1_048_576)), licence: licence, source: source, page: page)
    }

    private static func coTracker(_ variant: String, file: String, md5: String) -> PublishedModel {
        tracker(
            "cotracker-\(variant)", network: "CoTracker", md5: md5, mebibytes: 92, licence: "CC-BY-NC-4.0 (not for commercial use)",
            source: .address("https://dl.fbaipublicfiles.com/cotracker/\(file).pth"), page: "https://github.com/facebookresearch/co-tracker"
        )
    }

    private static func hosted(_ name: String, network: String, file: String, bytes: Int) -> PublishedModel {
        PublishedModel(
            name: name, kind: .tracker, network: network, fileExtension: "pth", md5: nil, size: .about(bytes),
            licence: "CC-BY-NC-4.0 (not for commercial use)", source: .address("https://huggingface.co/facebook/\(file).pth"),
            page: "https://github.com/facebookresearch/co-tracker")
    }

    private static func raft(_ variant: String, md5: String, mebibytes: Double) -> PublishedModel {
        tracker(
            "raft-\(variant)", network: "RAFT", md5: md5, mebibytes: mebibytes, licence: "BSD-3-Clause",
            source: .manual(
                """
                Download https://www.dropbox.com/s/4j4z58wuv8o0mfz/models.zip and unpack it: the file is models/raft-\(variant).pth.
                """),
            page: "https://github.com/princeton-vl/RAFT")
    }

    private static func deepMind(_ name: String, network: String, file: String, md5: String, mebibytes: Double) -> PublishedModel {
        tracker(
            name, network: network, fileExtension: "npy", md5: md5, mebibytes: mebibytes, licence: "CC-BY-4.0",
            source: .address("https://storage.googleapis.com/dm-tapnet/\(file).npy"), page: "https://github.com/google-deepmind/tapnet")
    }

    private static func magicLeap(_ name: String, network: String, file: String, md5: String, mebibytes: Double) -> PublishedModel {
        tracker(
            name, network: network, md5: md5, mebibytes: mebibytes, licence: "Magic Leap, non-commercial research only",
            source: .address(
                "https://github.com/magicleap/SuperGluePretrainedNetwork/raw/ddcf11f42e7e0732a0c4607648f9448ea8d73590/models/weights/\(file).pth"
            ),
            page: "https://github.com/magicleap/SuperGluePretrainedNetwork")
    }
}
