import { Button } from "@mantine/core";
import { Download } from "lucide-react";
import { QRCodeCanvas, QRCodeSVG } from "qrcode.react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import classes from "./panel.module.css";

// The quiet zone that the standard asks for, and enough dots for print.
const LOOK = { level: "M", marginSize: 4, bgColor: "#ffffff", fgColor: "#000000" } as const;
const PICTURE = 1024;

export default function QrCode({ link, name }: { link: string; name: string }) {
  const { t } = useTranslation("session");
  const canvas = useRef<HTMLCanvasElement>(null);
  return (
    <>
      <QRCodeSVG value={link} title={t("qr.label")} className={classes.qr} {...LOOK} />
      <QRCodeCanvas ref={canvas} value={link} size={PICTURE} hidden {...LOOK} />
      <Button
        variant="default"
        leftSection={<Download size={16} aria-hidden />}
        onClick={() => canvas.current && download(canvas.current.toDataURL("image/png"), `${name}.png`)}
      >
        {t("qr.download")}
      </Button>
    </>
  );
}

function download(address: string, name: string) {
  const anchor = document.createElement("a");
  anchor.href = address;
  anchor.download = name;
  anchor.click();
}
