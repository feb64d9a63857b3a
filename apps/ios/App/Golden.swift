// The golden vectors of the pixel contract that came with the app (`golden/`), run through the very functions that the
// screens use.
import Foundation

struct Golden {
    var count = 0
    var equal = 0
    var withinBound = 0  // JPEG files, whose decoder may differ by a few levels
    var differingBytes: Int64 = 0  // of vectors that must be equal
    var largestDifference = 0  // of JPEG files, in levels
    var failed: [String] = []

    var passed: Bool { failed.isEmpty && count > 0 }

    struct Manifest: Decodable {
        let count: Int
        let vectors: [Vector]
    }

    struct Vector: Decodable {
        let id: Int
        let kind: String
        let width: Int?
        let height: Int?
        let n: Int?
        let fit: String?
        let degrees: Int?
        let orientation: Int?
        let file: String?
        let bound: Int?
        let yRowStride: Int?
        let yPixelStride: Int?
        let uvRowStride: Int?
        let uvPixelStride: Int?
        let rgb: [Int]?
        let y: [Int]?
        let u: [Int]?
        let v: [Int]?
        let bytes: [Int]?
        let expected: [Int]
    }

    static func run() throws -> Golden {
        let manifest: Manifest = try Files.json("golden/manifest.json")
        let vectors = [UInt8](try Files.data("golden/vectors.bin"))
        var golden = Golden()
        if manifest.count != manifest.vectors.count { golden.failed.append("count") }
        for vector in manifest.vectors { golden.add(vector, vectors) }
        return golden
    }

    private mutating func add(_ vector: Vector, _ all: [UInt8]) {
        count += 1
        let expected = Golden.part(vector.expected, all)
        let bound = vector.bound ?? 0
        var difference = [Int64(expected.count), 255]
        if let got = try? Golden.compute(vector, all, expected.count), got.count == expected.count {
            handlens_ffi_compare(got, expected, got.count, &difference)
        }
        if difference[0] == 0 {
            equal += 1
        } else if bound > 0 && difference[1] <= bound {
            withinBound += 1
        } else {
            failed.append("\(vector.kind) \(vector.id)")
        }
        if bound > 0 {
            largestDifference = max(largestDifference, Int(difference[1]))
        } else {
            differingBytes += difference[0]
        }
    }

    private static func part(_ at: [Int]?, _ all: [UInt8]) -> [UInt8] {
        guard let at = at, at.count == 2, at[0] >= 0, at[1] >= 0, at[0] + at[1] <= all.count else { return [] }
        return [UInt8](all[at[0]..<(at[0] + at[1])])
    }

    private static func compute(_ v: Vector, _ all: [UInt8], _ length: Int) throws -> [UInt8] {
        let width = v.width ?? 0
        let height = v.height ?? 0
        let picture = Picture(width: width, height: height, rgb: part(v.rgb, all))
        switch v.kind {
        case "fit_resize":
            let fit = ["crop", "stretch", "letterbox"].firstIndex(of: v.fit ?? "") ?? 0
            return try picture.fitted(side: v.n ?? 0, fit: Int32(fit)).rgb
        case "rotate":
            return picture.rotated(v.degrees ?? 0).rgb
        case "orient":
            return picture.oriented(v.orientation ?? 1).rgb
        case "yuv":
            return yuv(v, all, width, height)
        case "feed_float":
            let bytes = part(v.bytes, all)
            var floats = [Float](repeating: 0, count: bytes.count)
            hl_feed_float(bytes, bytes.count, &floats)
            return floats.withUnsafeBytes { [UInt8]($0) }
        default:
            let decoded = try Picture(file: try Files.data("golden/" + (v.file ?? "")))
            guard decoded.width == width && decoded.height == height else { throw Problem("problem_not_a_picture") }
            return decoded.rgb
        }
    }

    private static func yuv(_ v: Vector, _ all: [UInt8], _ width: Int, _ height: Int) -> [UInt8] {
        let y = part(v.y, all)
        let u = part(v.u, all)
        let w = part(v.v, all)
        var rgb = [UInt8](repeating: 0, count: width * height * 3)
        let status = y.withUnsafeBufferPointer { first in
            u.withUnsafeBufferPointer { second in
                w.withUnsafeBufferPointer { third -> Int32 in
                    var frame = hl_yuv_frame(
                        y: first.baseAddress, u: second.baseAddress, v: third.baseAddress, y_row_stride: Int32(v.yRowStride ?? 0),
                        y_pixel_stride: Int32(v.yPixelStride ?? 0), uv_row_stride: Int32(v.uvRowStride ?? 0),
                        uv_pixel_stride: Int32(v.uvPixelStride ?? 0), width: Int32(width), height: Int32(height))
                    return hl_yuv_to_rgb(&frame, &rgb)
                }
            }
        }
        return status == 0 ? rgb : []
    }
}
