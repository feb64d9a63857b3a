// Upright 8-bit RGB pictures. The system decodes files; every computation with pixels is C (pixels.c, handlens_ffi.c).
import CoreGraphics
import Foundation
import ImageIO

/// Row after row, 3 bytes a pixel, as section 1 of the pixel contract says: orientation applied, colour profiles ignored,
/// transparency over white.
struct Picture {
    let width: Int
    let height: Int
    let rgb: [UInt8]

    private static let mostPixels = 200_000_000

    init(width: Int, height: Int, rgb: [UInt8]) {
        self.width = width
        self.height = height
        self.rgb = rgb
    }

    init(file: Data) throws {
        guard let source = CGImageSourceCreateWithData(file as CFData, nil),
            let image = CGImageSourceCreateImageAtIndex(source, 0, nil)
        else { throw Problem("problem_not_a_picture") }
        guard image.width * image.height <= Picture.mostPixels else { throw Problem("problem_too_large") }
        let properties = CGImageSourceCopyPropertiesAtIndex(source, 0, nil) as? [CFString: Any]
        let orientation = properties?[kCGImagePropertyOrientation] as? Int ?? 1
        self = try Picture(image: image).oriented(orientation)
    }

    private init(image: CGImage) throws {
        if let plain = Picture.stored(image) {
            self = plain
        } else {
            self = try Picture.drawn(image)
        }
    }

    /// The bytes as they were decoded, where the layout is one that C can read: nothing converts colours then. Of 16 bits a
    /// channel the upper 8 are taken.
    private static func stored(_ image: CGImage) -> Picture? {
        let depth = Int32(image.bitsPerComponent / 8)
        guard image.bitsPerComponent == 8 || image.bitsPerComponent == 16, image.bitsPerPixel % 8 == 0,
            !image.bitmapInfo.contains(.floatComponents), let model = image.colorSpace?.model,
            model == .rgb || model == .monochrome, let data = image.dataProvider?.data as Data?
        else { return nil }
        let colours: Int32 = model == .rgb ? 3 : 1
        var first: Int32 = 0
        var alpha: Int32 = -1
        switch image.alphaInfo {
        case .none, .noneSkipLast: break
        case .last: alpha = colours
        case .noneSkipFirst: first = 1
        case .first:
            first = 1
            alpha = 0
        default: return nil  // premultiplied: rounded already
        }
        let pixelBytes = Int32(image.bitsPerPixel / 8)
        guard let place = places(image, depth, pixelBytes) else { return nil }
        let layout = handlens_ffi_layout(
            width: Int32(image.width), height: Int32(image.height), row_bytes: Int32(image.bytesPerRow),
            pixel_bytes: pixelBytes, red: place(first), green: place(colours == 3 ? first + 1 : first),
            blue: place(colours == 3 ? first + 2 : first), alpha: alpha < 0 ? -1 : place(alpha))
        return flattened(data, layout)
    }

    /// Where in a pixel the upper byte of its part stands, by the order of bytes; nil for an order that is none of these.
    private static func places(_ image: CGImage, _ depth: Int32, _ pixelBytes: Int32) -> ((Int32) -> Int32)? {
        let order = image.bitmapInfo.intersection(.byteOrderMask)
        if depth == 1 && order == .byteOrder32Little && pixelBytes == 4 { return { 3 - $0 } }
        if depth == 2 && order == .byteOrder16Little { return { 2 * $0 + 1 } }
        if depth == 1 && order == .byteOrder16Little { return nil }
        return order == .byteOrder32Little ? nil : { depth * $0 }
    }

    static func flattened(_ data: Data, _ layout: handlens_ffi_layout) -> Picture? {
        let width = Int(layout.width)
        let height = Int(layout.height)
        var wanted = layout
        var out = [UInt8](repeating: 0, count: width * height * 3)
        let status = data.withUnsafeBytes { (bytes: UnsafeRawBufferPointer) -> Int32 in
            guard let base = bytes.bindMemory(to: UInt8.self).baseAddress else { return 1 }
            return handlens_ffi_flatten(base, bytes.count, &wanted, &out)
        }
        return status == 0 ? Picture(width: width, height: height, rgb: out) : nil
    }

    /// Everything else (palettes, CMYK, transparency that is rounded already): drawn by the system over white.
    private static func drawn(_ image: CGImage) throws -> Picture {
        let width = image.width
        let height = image.height
        let own = image.colorSpace?.model == .rgb ? image.colorSpace : nil
        guard let space = own ?? CGColorSpace(name: CGColorSpace.sRGB),
            let context = CGContext(
                data: nil, width: width, height: height, bitsPerComponent: 8, bytesPerRow: width * 4, space: space,
                bitmapInfo: CGImageAlphaInfo.noneSkipLast.rawValue)
        else { throw Problem("problem_too_large") }
        context.setFillColor(CGColor(red: 1, green: 1, blue: 1, alpha: 1))
        context.fill(CGRect(x: 0, y: 0, width: width, height: height))
        context.draw(image, in: CGRect(x: 0, y: 0, width: width, height: height))
        guard let memory = context.data else { throw Problem("problem_too_large") }
        let layout = handlens_ffi_layout(
            width: Int32(width), height: Int32(height), row_bytes: Int32(width * 4), pixel_bytes: 4, red: 0, green: 1,
            blue: 2, alpha: -1)
        let data = Data(bytesNoCopy: memory, count: width * height * 4, deallocator: .none)
        guard let picture = flattened(data, layout) else { throw Problem("problem_not_a_picture") }
        return picture
    }

    /// Upright by an EXIF orientation.
    func oriented(_ orientation: Int) -> Picture {
        guard (2...8).contains(orientation) else { return self }
        var out = [UInt8](repeating: 0, count: rgb.count)
        _ = hl_orient(rgb, Int32(width), Int32(height), Int32(orientation), &out)
        return orientation < 5
            ? Picture(width: width, height: height, rgb: out) : Picture(width: height, height: width, rgb: out)
    }

    /// Turned clockwise by 0, 90, 180 or 270 degrees.
    func rotated(_ degrees: Int) -> Picture {
        guard degrees % 360 != 0 else { return self }
        var out = [UInt8](repeating: 0, count: rgb.count)
        _ = hl_rotate(rgb, Int32(width), Int32(height), Int32(degrees), &out)
        return degrees % 180 == 0
            ? Picture(width: width, height: height, rgb: out) : Picture(width: height, height: width, rgb: out)
    }

    /// The side x side picture that the model sees.
    func fitted(side: Int, fit: Int32) throws -> Picture {
        let bytes = hl_fit_resize_scratch(Int32(width), Int32(height), Int32(side), fit)
        guard bytes > 0 else { throw Problem("problem_not_a_picture") }
        // Doubles, so that the scratch memory is 8-byte aligned.
        var scratch = [Double](repeating: 0, count: (bytes + 7) / 8)
        var out = [UInt8](repeating: 0, count: side * side * 3)
        let status = hl_fit_resize(rgb, Int32(width), Int32(height), Int32(side), fit, &out, &scratch)
        guard status == 0 else { throw Problem("problem_not_a_picture") }
        return Picture(width: side, height: side, rgb: out)
    }

    /// For the screen only.
    func image() -> CGImage? {
        guard let provider = CGDataProvider(data: Data(rgb) as CFData), let space = CGColorSpace(name: CGColorSpace.sRGB) else { return nil }
        return CGImage(
            width: width, height: height, bitsPerComponent: 8, bitsPerPixel: 24, bytesPerRow: width * 3, space: space,
            bitmapInfo: CGBitmapInfo(rawValue: CGImageAlphaInfo.none.rawValue), provider: provider, decode: nil,
            shouldInterpolate: false, intent: .defaultIntent)
    }
}
