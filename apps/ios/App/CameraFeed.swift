// The camera: frames of 640 x 480 as upright RGB pictures, the newest only.
import AVFoundation
import Foundation

final class CameraFeed: NSObject, AVCaptureVideoDataOutputSampleBufferDelegate {
    /// Called on the feed's own queue.
    var onFrame: ((Picture, Bool) -> Void)?
    /// Called on the main queue with a key of Localizable.strings.
    var onProblem: ((String) -> Void)?

    private let session = AVCaptureSession()
    private let output = AVCaptureVideoDataOutput()
    private let queue = DispatchQueue(label: "handlens.camera")
    private var device: AVCaptureDevice?
    private var position = AVCaptureDevice.Position.back
    private var wantsRgb = false

    /// Asks for the camera when nobody has answered yet.
    func start() {
        switch AVCaptureDevice.authorizationStatus(for: .video) {
        case .authorized:
            queue.async { self.configure() }
        case .notDetermined:
            AVCaptureDevice.requestAccess(for: .video) { granted in
                if granted {
                    self.queue.async { self.configure() }
                } else {
                    self.report("camera_refused")
                }
            }
        default:
            report("camera_refused")
        }
    }

    func stop() {
        queue.async {
            if self.session.isRunning { self.session.stopRunning() }
        }
    }

    func swap() {
        position = position == .back ? .front : .back
        queue.async { self.configure() }
    }

    /// False where this camera has no light.
    func setTorch(_ on: Bool) -> Bool {
        guard let device = device, device.hasTorch, (try? device.lockForConfiguration()) != nil else { return false }
        device.torchMode = on ? .on : .off
        device.unlockForConfiguration()
        return true
    }

    var side: String {
        position == .back ? "back" : "front"
    }

    private func report(_ key: String) {
        DispatchQueue.main.async { self.onProblem?(key) }
    }

    private func configure() {
        guard let camera = AVCaptureDevice.default(.builtInWideAngleCamera, for: .video, position: position),
            let input = try? AVCaptureDeviceInput(device: camera)
        else {
            report("no_camera")
            return
        }
        device = camera
        session.beginConfiguration()
        session.inputs.forEach { session.removeInput($0) }
        session.outputs.forEach { session.removeOutput($0) }
        session.sessionPreset = .vga640x480
        guard session.canAddInput(input), session.canAddOutput(output) else {
            session.commitConfiguration()
            report("camera_busy")
            return
        }
        session.addInput(input)
        let format = wantsRgb ? kCVPixelFormatType_32BGRA : kCVPixelFormatType_420YpCbCr8BiPlanarFullRange
        output.videoSettings = [kCVPixelBufferPixelFormatTypeKey as String: format]
        output.alwaysDiscardsLateVideoFrames = true
        output.setSampleBufferDelegate(self, queue: queue)
        session.addOutput(output)
        // The model gets the pixels as the sensor gives them; a front camera is mirrored on the screen only.
        if let connection = output.connection(with: .video), connection.isVideoMirroringSupported {
            connection.automaticallyAdjustsVideoMirroring = false
            connection.isVideoMirrored = false
        }
        session.commitConfiguration()
        if !session.isRunning { session.startRunning() }
    }

    func captureOutput(_ output: AVCaptureOutput, didOutput sample: CMSampleBuffer, from connection: AVCaptureConnection) {
        guard let buffer = CMSampleBufferGetImageBuffer(sample) else { return }
        if !wantsRgb && !CameraFeed.isContractYuv(buffer) {
            // Another matrix than the contract's: the system converts, which knows it.
            wantsRgb = true
            configure()
            return
        }
        guard let picture = wantsRgb ? CameraFeed.fromBgra(buffer) : CameraFeed.fromYuv(buffer) else { return }
        // The app stands upright; sensors lie on their side.
        let upright = picture.width > picture.height ? picture.rotated(90) : picture
        onFrame?(upright, position == .front)
    }

    /// Whether the frame's colours are BT.601, as section 5 of the contract has them.
    private static func isContractYuv(_ buffer: CVImageBuffer) -> Bool {
        guard let matrix = CVBufferCopyAttachment(buffer, kCVImageBufferYCbCrMatrixKey, nil) as? String else { return true }
        return matrix == (kCVImageBufferYCbCrMatrix_ITU_R_601_4 as String)
    }

    private static func fromYuv(_ buffer: CVImageBuffer) -> Picture? {
        CVPixelBufferLockBaseAddress(buffer, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(buffer, .readOnly) }
        guard CVPixelBufferGetPlaneCount(buffer) == 2, let luma = CVPixelBufferGetBaseAddressOfPlane(buffer, 0),
            let chroma = CVPixelBufferGetBaseAddressOfPlane(buffer, 1)
        else { return nil }
        let width = CVPixelBufferGetWidth(buffer)
        let height = CVPixelBufferGetHeight(buffer)
        let y = UnsafePointer(luma.assumingMemoryBound(to: UInt8.self))
        let u = UnsafePointer(chroma.assumingMemoryBound(to: UInt8.self))
        var frame = hl_yuv_frame(
            y: y, u: u, v: u + 1, y_row_stride: Int32(CVPixelBufferGetBytesPerRowOfPlane(buffer, 0)), y_pixel_stride: 1,
            uv_row_stride: Int32(CVPixelBufferGetBytesPerRowOfPlane(buffer, 1)), uv_pixel_stride: 2, width: Int32(width),
            height: Int32(height))
        var rgb = [UInt8](repeating: 0, count: width * height * 3)
        guard hl_yuv_to_rgb(&frame, &rgb) == 0 else { return nil }
        return Picture(width: width, height: height, rgb: rgb)
    }

    private static func fromBgra(_ buffer: CVImageBuffer) -> Picture? {
        CVPixelBufferLockBaseAddress(buffer, .readOnly)
        defer { CVPixelBufferUnlockBaseAddress(buffer, .readOnly) }
        guard let base = CVPixelBufferGetBaseAddress(buffer) else { return nil }
        let height = CVPixelBufferGetHeight(buffer)
        let rowBytes = CVPixelBufferGetBytesPerRow(buffer)
        let layout = handlens_ffi_layout(
            width: Int32(CVPixelBufferGetWidth(buffer)), height: Int32(height), row_bytes: Int32(rowBytes), pixel_bytes: 4,
            red: 2, green: 1, blue: 0, alpha: -1)
        return Picture.flattened(Data(bytesNoCopy: base, count: rowBytes * height, deallocator: .none), layout)
    }
}
